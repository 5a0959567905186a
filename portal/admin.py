"""A look behind the scenes, for administrators; daily work needs none of it.

Rows that are recorded are shown, not edited: a change there closes a row and inserts its successor.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.postgres.fields import DateTimeRangeField
from django.db.models import Model
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime
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
# One way in for all, with its second factor and its limits.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
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
class ContactAdmin(LookOnly):
    """Changed on the customer's own page about contacts, which ends sessions and writes down who did what."""

    list_display = ["person", "customer", "can_report", "can_order", "can_manage_contacts", "left_at"]
    list_select_related = ["person", "customer"]
    list_filter = ["customer"]


class RecordedAdmin(LookOnly):
    """Every version of a row, the current ones first."""

    ordering = ["-recorded"]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [_column(field) for field in self._shown() if field.name not in CLOSED]

    def get_list_select_related(self, request: HttpRequest) -> list[str]:
        return [field.name for field in self._shown() if field.is_relation]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return [_column(field) for field in self._shown()]

    get_readonly_fields = get_fields

    def _shown(self) -> list[Any]:
        """What the row says, then who recorded it and why."""
        fields = [field for field in self.model._meta.concrete_fields if not field.primary_key]
        return sorted(fields, key=lambda field: field.name in (*RECORDED, *CLOSED))


RECORDED = ("recorded", "recorded_by", "recorded_why")
CLOSED = ("closed_by", "closed_why")


@cache
def _column(field: Any) -> str | Callable[[Model], str]:
    """How a field is shown: periods from … to … in the reader's zone, all else as the administration does it."""
    if not isinstance(field, DateTimeRangeField):
        return str(field.name)

    @admin.display(description=field.verbose_name, ordering=field.name)
    def period(row: Model) -> str:
        ends = getattr(row, field.name)
        return f"{_instant(ends.lower)} – {_instant(ends.upper)}" if ends else "–"

    return period


def _instant(at: datetime | None) -> str:
    return date_format(localtime(at), "DATETIME_FORMAT") if at else "…"


admin.site.register(
    [Assignment, DatedOpening, EscalationManager, Membership, ProjectSupport, WeeklyOpening], RecordedAdmin
)
