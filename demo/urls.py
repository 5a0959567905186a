"""The product's addresses, with the login page that shows the personas in place of the product's."""

from django.urls import include, path

from portal.urls import handler400, handler404, handler500

from .views import DemoLoginView, persona_login

__all__ = ["handler400", "handler404", "handler500"]

urlpatterns = [
    path("accounts/login/", DemoLoginView.as_view()),
    path("demo/login/", persona_login, name="persona_login"),
    path("", include("portal.urls")),
]
