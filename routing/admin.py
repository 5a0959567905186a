"""Incidents, pages and deliveries behind the scenes: to look at, for every change belongs to a service."""

from django.contrib import admin

from portal.admin import LookOnly, LookOnlyInline

from .models import (
    Alarm,
    ContactMethod,
    Delivery,
    Escalation,
    FormerToken,
    Incident,
    IntakeKey,
    Notice,
    NoticeChoice,
    NotificationRule,
    Page,
    PeriodicJob,
    Pulse,
    Signal,
    TimelineEntry,
    VerificationCode,
)


class TimelineInline(LookOnlyInline):
    model = TimelineEntry
    fields = ["at", "kind", "actor", "actor_name", "data", "public"]


@admin.register(Incident)
class IncidentAdmin(LookOnly):
    list_display = ["id", "project", "priority", "status", "title", "assignee", "reported_at"]
    list_select_related = ["project", "assignee"]
    list_filter = ["status", "priority", "project"]
    search_fields = ["title"]
    inlines = [TimelineInline]


@admin.register(Escalation)
class EscalationAdmin(LookOnly):
    list_display = ["incident", "state", "route", "round", "step", "due_at"]
    list_select_related = ["incident"]
    list_filter = ["state"]


@admin.register(Page)
class PageAdmin(LookOnly):
    list_display = ["escalation", "round", "step", "role", "name", "state", "created_at"]
    list_filter = ["state", "role"]
    exclude = ["token"]


@admin.register(Delivery)
class DeliveryAdmin(LookOnly):
    list_display = ["id", "kind", "channel", "state", "attempts", "created_at", "finished_at", "error"]
    list_filter = ["state", "channel", "kind"]


@admin.register(IntakeKey)
class IntakeKeyAdmin(LookOnly):
    list_display = ["project", "name", "token_start", "created_at", "revoked_at"]
    list_select_related = ["project"]


@admin.register(Signal)
class SignalAdmin(LookOnly):
    list_display = ["id", "key", "format", "state", "dedup_key", "incident", "received_at"]
    list_select_related = ["key", "incident"]
    list_filter = ["format", "state"]


@admin.register(Alarm)
class AlarmAdmin(LookOnly):
    list_display = ["kind", "key", "raised_at", "cleared_at"]


admin.site.register(
    [
        ContactMethod,
        FormerToken,
        Notice,
        NoticeChoice,
        NotificationRule,
        PeriodicJob,
        Pulse,
        VerificationCode,
    ],
    LookOnly,
)
