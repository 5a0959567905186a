"""Addresses of this part."""

from django.urls import path

from . import home, views

urlpatterns = [
    path("my-projects/", home.projects, name="my_projects"),
    path("my-projects/night/", home.night, name="night"),
    path("my-projects/night/mail/", home.night_mail, name="night_mail"),
    path("my-projects/night/<int:number>/take/", home.take, name="night_take"),
    path("presence/", views.people, name="presence_people"),
    path("presence/<int:pk>/", views.presence, name="presence"),
    path("presence/<int:pk>/meeting/", views.meeting, name="presence_meeting"),
    path("presence/<int:pk>/back/", views.back, name="presence_back"),
    path("presence/<int:pk>/away/", views.away, name="presence_away"),
    path("presence/absences/<int:absence>/take-back/", views.take_back, name="presence_take_back"),
]
