"""Addresses of the pages."""

from django.urls import path

from . import contact, duty, handbook, home, incidents, links, report

urlpatterns = [
    path("", home.home, name="home"),
    path("projects/", contact.choose, name="whom_choose"),
    path("projects/<slug:key>/call/", contact.whom, name="whom"),
    path("projects/<slug:key>/handbook/", handbook.handbook, name="handbook"),
    path("projects/<slug:key>/handbook.pdf", handbook.handbook_pdf, name="handbook_pdf"),
    path("incidents/", incidents.index, name="incidents"),
    path("incidents/new/", report.report, name="incident_new"),
    path("incidents/<int:number>/", incidents.detail, name="incident"),
    path("incidents/<int:number>/note/", incidents.note, name="incident_note"),
    path("incidents/<int:number>/reopen/", incidents.reopen, name="incident_reopen"),
    path("incidents/<int:number>/resolve/", incidents.resolve, name="incident_resolve"),
    path("incidents/<int:number>/pass-on/", incidents.pass_on, name="incident_pass_on"),
    path("incidents/<int:number>/acknowledge/", incidents.acknowledge, name="incident_acknowledge"),
    path("incidents/<int:number>/start/", incidents.start, name="incident_start"),
    path("on-call/", duty.on_call, name="on_call"),
    path("a/<str:token>/", links.page_link, name="page_link"),
    path("a/<str:token>/acknowledge/", links.acknowledge, name="page_link_acknowledge"),
    path("a/<str:token>/pass-on/", links.pass_on, name="page_link_pass_on"),
]
