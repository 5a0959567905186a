"""Addresses below `/administration/support-hours/`."""

from django.urls import path

from . import announcements, installation, views

urlpatterns = [
    path("", views.index, name="support_hours"),
    path("new/", views.new, name="support_hours_new"),
    path("calendars/<slug:slug>/", views.calendar, name="support_hours_calendar"),
    path("calendars/<slug:slug>/week/", views.week, name="support_hours_week"),
    path("calendars/<slug:slug>/days/", views.days, name="support_hours_days"),
    path("calendars/<slug:slug>/year-end/", views.year_end, name="support_hours_year_end"),
    path("calendars/<slug:slug>/site/", views.site, name="support_hours_site"),
    path("maintenance/", announcements.index, name="maintenance_admin"),
    path("maintenance/new/", announcements.new, name="maintenance_new"),
    path("maintenance/<uuid:uid>/", announcements.edit, name="maintenance_edit"),
    path("maintenance/<uuid:uid>/cancel/", announcements.cancel, name="maintenance_cancel"),
    path("installation/", installation.installation, name="installation_admin"),
]
