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
from django.contrib.auth.forms import UserChangeForm
from django.contrib.postgres.fields import DateTimeRangeField
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from . import clock, maintenance
from .access import is_administrator
from .administrators import LastAdministrator, administrates, lock_administrators, require_another
from .models import (
    Assignment,
    Contact,
    Customer,
    DatedOpening,
    EscalationManager,
    Installation,
    Maintenance,
    Membership,
    Person,
    Project,
    ProjectSupport,
    RecordedSettings,
    SupportHours,
    Team,
    WeeklyOpening,
)

admin.site.site_header = admin.site.site_title = _("Direktdraht behind the scenes")
# One way in for all, with its second factor and its limits.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.has_permission = lambda request: is_administrator(request.user)  # type: ignore[method-assign]


class _Read(admin.options.BaseModelAdmin[Any]):
    """What administrators may look at and only the services write."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_administrator(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_administrator(request.user)


class LookOnly(_Read, admin.ModelAdmin[Any]):
    """Shows rows that only the services write."""


class LookOnlyInline(_Read, admin.TabularInline[Any, Any]):
    """Such rows below the row they belong to."""

    extra = 0


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


class PersonAdminForm(UserChangeForm[Person]):
    """Refuses to take the right to administrate from the last who has it."""

    def clean(self) -> dict[str, Any] | None:
        sent = super().clean() or {}
        if not self.instance.pk or not {"is_active", "is_staff", "groups"} <= sent.keys():
            return sent
        lock_administrators()
        before = Person.objects.get(pk=self.instance.pk)
        groups = {group.name for group in sent["groups"]}
        stays = administrates(
            is_active=sent["is_active"], is_staff=sent["is_staff"], is_superuser=before.is_superuser, groups=groups
        )
        try:
            if is_administrator(before) and not stays:
                require_another(before)
        except LastAdministrator:
            self.add_error("groups", str(_("This is the only one who can administrate.")))
        return sent


@admin.register(Person)
class PersonAdmin(ForAdministrators, UserAdmin):  # type: ignore[type-arg]
    form = PersonAdminForm
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


@admin.register(Customer, Team, SupportHours)
class PlainAdmin(ForAdministrators):
    pass


@admin.register(Installation)
class InstallationAdmin(ForAdministrators):
    def has_add_permission(self, request: HttpRequest) -> bool:
        """There is exactly one."""
        return super().has_add_permission(request) and not Installation.objects.exists()


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
    [Assignment, DatedOpening, EscalationManager, Membership, ProjectSupport, RecordedSettings, WeeklyOpening],
    RecordedAdmin,
)


@admin.register(Maintenance)
class MaintenanceAdmin(ForAdministrators):
    """Announces, changes and cancels by the services: the versions before stay, and are to be looked at only."""

    ordering = ["-period", "-sequence"]
    fields = ["projects", "period", "text_de", "text_en", "recorded_why"]
    filter_horizontal = ["projects"]
    actions = ["cancel"]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        names = ("period", "text_en", "sequence", "announced_at", "cancelled_at", "recorded")
        return [_column(self.model._meta.get_field(name)) for name in names]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or _stands(obj))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        said = form.cleaned_data
        fields: dict[str, Any] = {
            "projects": said["projects"],
            "starts": said["period"].lower,
            "ends": said["period"].upper,
            "text_de": said["text_de"],
            "text_en": said["text_en"],
            "why": said["recorded_why"],
            "by": request.user,
            "now": clock.now(),
        }
        if change:
            written = maintenance.change(Maintenance.objects.get(pk=obj.pk), **fields)
        else:
            written = maintenance.announce(**fields)
        obj.pk = written.pk
        obj.refresh_from_db()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The service has written the projects too."""

    @admin.action(description=_("Cancel the chosen maintenance"), permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Maintenance]) -> None:
        now = clock.now()
        for row in queryset:
            if _stands(row) and row.ends > now and isinstance(request.user, Person):
                maintenance.cancel(row, by=request.user, now=now)


def _stands(row: Any) -> bool:
    """Whether it is the last version of a maintenance that takes place."""
    return row.recorded.upper is None and row.cancelled_at is None
