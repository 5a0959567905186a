"""Addresses of the pages."""

from django.urls import path

from . import contact, contacts, duty, feeds, home, incidents, links, report

urlpatterns = [
    path("", home.home, name="home"),
    path("projects/", contact.choose, name="whom_choose"),
    path("projects/<slug:key>/call/", contact.whom, name="whom"),
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
    # The contacts of a project, and its calendar.
    path("projects/<slug:key>/contacts/", contacts.project_contacts, name="project_contacts"),
    path("projects/<slug:key>/contacts.vcf", contacts.all_business_cards, name="project_vcards"),
    path("projects/<slug:key>/contacts/<slug:entry>.vcf", contacts.one_business_card, name="project_vcard"),
    path("projects/<slug:key>/contacts/<slug:entry>.svg", contacts.qr_code, name="project_qr"),
    path("projects/<slug:key>/emergency-card/", contacts.emergency_card, name="emergency_card"),
    path("projects/<slug:key>/calendar/", feeds.project_calendar, name="project_calendar"),
    path("projects/<slug:key>/calendar/<int:number>/revoke/", feeds.revoke_feed, name="calendar_feed_revoke"),
    path("ical/<str:token>.ics", feeds.calendar_feed, name="calendar_feed"),
]
