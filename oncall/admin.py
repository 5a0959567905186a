"""Rosters behind the scenes."""

from django.contrib import admin

from portal.admin import ForAdministrators, LookOnly, LookOnlyInline, RecordedAdmin

from .models import Absence, CalendarFeed, Override, Rota, RotaCoverage, Rotation, RotationMember, Swap


class MemberInline(LookOnlyInline):
    model = RotationMember


@admin.register(Rotation)
class RotationAdmin(RecordedAdmin):
    inlines = [MemberInline]


admin.site.register(Rota, ForAdministrators)
admin.site.register([Absence, Override, RotaCoverage], RecordedAdmin)
admin.site.register(Swap, LookOnly)


@admin.register(CalendarFeed)
class CalendarFeedAdmin(LookOnly):
    list_display = ["person", "kind", "project", "token_start", "created_at", "revoked_at"]
    list_select_related = ["person", "project"]
    exclude = ["token_hash"]
