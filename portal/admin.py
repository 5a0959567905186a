"""A look behind the scenes, for administrators; daily work needs none of it.

Rows that are recorded are shown, not edited: a change there closes a row and inserts its successor.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from .access import is_administrator
from .models import (
    Assignment,
    Contact,
    Customer,
    DatedOpening,
    EscalationManager,
    Installation,
    Membership,
    Person,
    Project,
    ProjectSupport,
    SupportHours,
    Team,
    WeeklyOpening,
)

admin.site.site_header = admin.site.site_title = _("Direktdraht behind the scenes")
admin.site.has_permission = lambda request: is_administrator(request.user)  # type: ignore[method-assign]


class LookOnly(admin.ModelAdmin[Any]):
    """Shows rows that only the services write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_administrator(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_administrator(request.user)


class ForAdministrators(admin.ModelAdmin[Any]):
    """Plain rows that administrators may add and change; nothing that others refer to is deleted here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_administrator(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_administrator(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_administrator(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_administrator(request.user)


@admin.register(Person)
class PersonAdmin(ForAdministrators, UserAdmin):  # type: ignore[type-arg]
    list_display = ["name", "email", "function", "is_staff", "is_active"]
    list_filter = ["is_staff", "is_active", "groups"]
    search_fields = ["name", "email"]
    ordering = ["name"]
    filter_horizontal = ["groups"]
    fieldsets = [
        (None, {"fields": ["email", "password", "name", "function", "language", "zone"]}),
        (_("Reached by"), {"fields": ["direct_line", "mobile", "working_hours"]}),
        (_("Rights"), {"fields": ["is_active", "is_staff", "groups"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "language", "password1", "password2"]})]


@admin.register(Customer, Team, SupportHours, Installation)
class PlainAdmin(ForAdministrators):
    pass


@admin.register(Project)
class ProjectAdmin(ForAdministrators):
    list_display = ["key", "name", "customer", "hotline"]
    list_select_related = ["customer"]
    search_fields = ["key", "name", "customer__name"]


@admin.register(Contact)
class ContactAdmin(ForAdministrators):
    list_display = ["person", "customer", "can_report", "can_order", "can_manage_contacts", "left_at"]
    list_select_related = ["person", "customer"]
    list_filter = ["customer"]


class RecordedAdmin(LookOnly):
    """Every version of a row, the current ones first."""

    list_display = ["__str__", "recorded", "recorded_by", "recorded_why"]
    list_select_related = ["recorded_by"]
    ordering = ["-recorded"]


admin.site.register(
    [Assignment, DatedOpening, EscalationManager, Membership, ProjectSupport, WeeklyOpening], RecordedAdmin
)
