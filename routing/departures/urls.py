"""Addresses of this part."""

from django.urls import path

from . import views

urlpatterns = [path("<int:pk>/", views.departure, name="departure")]
