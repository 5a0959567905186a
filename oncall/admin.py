"""Rosters behind the scenes."""

from django.contrib import admin

from portal.admin import ForAdministrators, LookOnly, LookOnlyInline, RecordedAdmin

from .models import Absence, Override, Rota, RotaCoverage, Rotation, RotationMember, Swap


class MemberInline(LookOnlyInline):
    model = RotationMember


@admin.register(Rotation)
class RotationAdmin(RecordedAdmin):
    inlines = [MemberInline]


admin.site.register(Rota, ForAdministrators)
admin.site.register([Absence, Override, RotaCoverage], RecordedAdmin)
admin.site.register(Swap, LookOnly)
