"""Addresses of the desk."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.desk, name="desk"),
    path("<int:number>/acknowledge/", views.acknowledge, name="desk_acknowledge"),
]
