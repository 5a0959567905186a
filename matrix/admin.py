"""Matrices behind the scenes: published versions are immutable, so they are shown only."""

from django.contrib import admin

from portal.admin import ForAdministrators, LookOnly, LookOnlyInline

from .models import Cell, Matrix, MatrixVersion, PriorityTerms, Reporting, Step, Topic


class TermsInline(LookOnlyInline):
    model = PriorityTerms
    fields = ["priority", "definition_en", "response_minutes", "resolution_minutes", "clock"]


class StepInline(LookOnlyInline):
    model = Step


@admin.register(MatrixVersion)
class MatrixVersionAdmin(LookOnly):
    list_display = ["matrix", "number", "effective_from", "published_by", "reason"]
    list_select_related = ["matrix", "published_by"]
    inlines = [TermsInline]


@admin.register(Cell)
class CellAdmin(LookOnly):
    list_display = ["version", "priority", "route", "defers", "defers_outside_hours"]
    list_select_related = ["version__matrix"]
    list_filter = ["route", "priority"]
    inlines = [StepInline]


admin.site.register([Matrix, Topic], ForAdministrators)
admin.site.register(Reporting, LookOnly)
