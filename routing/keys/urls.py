"""Addresses of this part."""

from django.urls import path

from . import changing, numbers, trying, views

urlpatterns = [
    path("", views.index, name="intake_keys"),
    path("new/", views.new, name="intake_key_new"),
    path("<int:pk>/", views.detail, name="intake_key"),
    path("<int:pk>/change/", changing.change, name="intake_key_change"),
    path("<int:pk>/rotate/", changing.rotate, name="intake_key_rotate"),
    path("<int:pk>/cut-off/", changing.stop_former, name="intake_key_cut_off"),
    path("<int:pk>/revoke/", changing.revoke, name="intake_key_revoke"),
    path("<int:pk>/test/", trying.try_signal, name="intake_key_test"),
    path("numbers/", numbers.index, name="duty_numbers"),
    path("numbers/<slug:kind>/<int:pk>/", numbers.change, name="duty_number_change"),
]
