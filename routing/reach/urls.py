"""Addresses of how a person is reached, below `profile/reach/`."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.reach, name="reach"),
    path("rules/", views.rules, name="reach_rules"),
    path("preview/", views.preview, name="reach_preview"),
    path("test/", views.test, name="reach_test"),
    path("methods/add/", views.add, name="reach_add"),
    path("methods/<int:pk>/", views.method, name="reach_method"),
    path("methods/<int:pk>/code/", views.code, name="reach_code"),
    path("methods/<int:pk>/remove/", views.remove, name="reach_remove"),
    path("methods/<int:pk>/disable/", views.disable, name="reach_disable"),
]
