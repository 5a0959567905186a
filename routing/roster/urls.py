"""Addresses of the roster editor."""

from django.urls import include, path

from . import changing, rotas, views

urlpatterns = [
    path("", include("routing.roster.exchange_urls")),
    path("", views.rosters, name="rosters"),
    path("new/", rotas.new, name="rota_new"),
    path("cover/", changing.cover, name="roster_cover"),
    path("overrides/<int:pk>/", changing.end_override, name="roster_override_end"),
    path("absences/<int:pk>/", changing.end_absence, name="roster_absence_end"),
    path("<slug:slug>/", views.roster, name="roster"),
    path("<slug:slug>/override/", changing.override, name="roster_override"),
    path("<slug:slug>/rotation/", changing.rotation, name="roster_rotation"),
    path("<slug:slug>/rotation/end/", changing.end_rotation, name="roster_rotation_end"),
    path("<slug:slug>/projects/", rotas.projects, name="roster_projects"),
    path("<slug:slug>/settings/", rotas.settings, name="roster_settings"),
    path("<slug:slug>/retire/", rotas.retire, name="roster_retire"),
]
