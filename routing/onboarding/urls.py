"""Addresses of this part."""

from django.urls import path

from . import views

urlpatterns = [
    path("customers/<slug:key>/projects/new/", views.new, name="project_new"),
    path("projects/<slug:key>/", views.project, name="project_admin"),
    path("projects/<slug:key>/rota/", views.rota, name="project_rota"),
    path("projects/<slug:key>/matrix/", views.matrix, name="project_first_matrix"),
]
