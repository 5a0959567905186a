"""Addresses of everybody's own page."""

from django.urls import path

from . import views

urlpatterns = [
    path("profile/", views.profile, name="profile"),
    path("profile/tokens/new/", views.token_new, name="token_new"),
    path("profile/tokens/<str:key>/revoke/", views.token_revoke, name="token_revoke"),
    path("profile/pin/<int:pk>/", views.pin_new, name="pin_new"),
    path("profile/sign-out-everywhere/", views.sign_out_everywhere, name="sign_out_everywhere"),
]
