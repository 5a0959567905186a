"""Rosters behind the scenes."""

from typing import Any

from django.contrib import admin

from portal.admin import ForAdministrators, LookOnly, RecordedAdmin

from .models import Absence, Override, Rota, RotaCoverage, Rotation, RotationMember, Swap


class MemberInline(admin.TabularInline[Any, Any]):
    model = RotationMember
    extra = 0


@admin.register(Rotation)
class RotationAdmin(RecordedAdmin):
    inlines = [MemberInline]


admin.site.register(Rota, ForAdministrators)
admin.site.register([Absence, Override, RotaCoverage], RecordedAdmin)
admin.site.register(Swap, LookOnly)
