"""Addresses for the phone provider, below `telephony/`; those with a delivery's id travel in its requests."""

from django.urls import path

from . import views

app_name = "telephony"
urlpatterns = [
    path("voice/", views.hotline, name="hotline"),
    path("voice/<uuid:public_id>/", views.voice, name="voice"),
    path("voice/<uuid:public_id>/key/", views.key, name="key"),
    path("status/<uuid:public_id>/", views.status, name="status"),
    path("sms/", views.sms, name="sms"),
]
