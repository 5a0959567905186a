"""Rosters behind the scenes."""

from django.contrib import admin

from portal.admin import ForAdministrators, LookOnly, LookOnlyInline, RecordedAdmin

from .models import Absence, CalendarFeed, Override, Rota, RotaCoverage, Rotation, RotationMember, Swap, SwapRequest


class MemberInline(LookOnlyInline):
    model = RotationMember


@admin.register(Rotation)
class RotationAdmin(RecordedAdmin):
    inlines = [MemberInline]


admin.site.register(Rota, ForAdministrators)
admin.site.register([Absence, Override, RotaCoverage], RecordedAdmin)


class SwapRequestInline(LookOnlyInline):
    model = SwapRequest


@admin.register(Swap)
class SwapAdmin(LookOnly):
    list_display = ["asked_at", "rota", "line", "asked_by", "state", "accepted_by", "answered_at"]
    list_select_related = ["rota", "asked_by", "accepted_by"]
    list_filter = ["state", "rota"]
    inlines = [SwapRequestInline]


@admin.register(CalendarFeed)
class CalendarFeedAdmin(LookOnly):
    list_display = ["person", "kind", "project", "rota", "token_start", "created_at", "revoked_at"]
    list_select_related = ["person", "project", "rota"]
    exclude = ["token_hash"]
