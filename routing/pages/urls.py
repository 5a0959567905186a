"""Addresses of the pages."""

from django.urls import path

from . import actions, appointments, attachments, contact, duty, home, incidents, links, matrix, moving, report

urlpatterns = [
    path("", home.home, name="home"),
    path("projects/", contact.choose, name="whom_choose"),
    path("projects/<slug:key>/call/", contact.whom, name="whom"),
    path("projects/<slug:key>/matrix/", matrix.matrix, name="project_matrix"),
    path("incidents/", incidents.index, name="incidents"),
    path("incidents/new/", report.report, name="incident_new"),
    path("incidents/<int:number>/", incidents.detail, name="incident"),
    path("incidents/<int:number>/note/", actions.note, name="incident_note"),
    path("incidents/<int:number>/reopen/", actions.reopen, name="incident_reopen"),
    path("incidents/<int:number>/resolve/", actions.resolve, name="incident_resolve"),
    path("incidents/<int:number>/pass-on/", actions.pass_on, name="incident_pass_on"),
    path("incidents/<int:number>/acknowledge/", actions.acknowledge, name="incident_acknowledge"),
    path("incidents/<int:number>/start/", actions.start, name="incident_start"),
    path("incidents/<int:number>/wait/", actions.wait, name="incident_wait"),
    path("incidents/<int:number>/assign/", actions.assign, name="incident_assign"),
    path("incidents/<int:number>/close/", actions.close, name="incident_close"),
    path("incidents/<int:number>/files/<uuid:key>/", attachments.download, name="attachment"),
    path("incidents/<int:number>/move/", moving.move, name="incident_move"),
    path("incidents/<int:number>/appointment/", appointments.confirm, name="appointment_confirm"),
    path("incidents/<int:number>/appointment.ics", appointments.download, name="appointment_ics"),
    path("on-call/", duty.on_call, name="on_call"),
    path("a/<str:token>/", links.page_link, name="page_link"),
    path("a/<str:token>/acknowledge/", links.acknowledge, name="page_link_acknowledge"),
    path("a/<str:token>/pass-on/", links.pass_on, name="page_link_pass_on"),
]
