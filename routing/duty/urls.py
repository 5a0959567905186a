"""Addresses of this part."""

from django.urls import path

from . import call_out_views, confirmation_views, swapping, views

urlpatterns = [
    path("", views.my_duty, name="my_duty"),
    path("c/<str:token>/", confirmation_views.by_link, name="duty_confirmation"),
    path("confirmations/<int:pk>/", confirmation_views.signed_in, name="duty_confirm"),
    path("rest/", views.rest, name="rest_keep"),
    path("calendar/", views.calendar, name="my_duty_calendar"),
    path("calendar/<int:pk>/revoke/", views.revoke_calendar, name="my_duty_calendar_revoke"),
    path("swaps/new/", swapping.new, name="swap_new"),
    path("swaps/<int:pk>/", swapping.detail, name="swap"),
    path("swaps/<int:pk>/accept/", swapping.accept, name="swap_accept"),
    path("swaps/<int:pk>/decline/", swapping.decline, name="swap_decline"),
    path("swaps/<int:pk>/withdraw/", swapping.withdraw, name="swap_withdraw"),
    path("call-outs/", call_out_views.index, name="call_outs"),
    path("call-outs.csv", call_out_views.as_csv, name="call_outs_csv"),
    path("call-outs/<int:pk>/", call_out_views.edit, name="call_out"),
]
