"""What is edited in place, and who did: everything else says so by itself (see `Recorded`)."""

from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """Append-only: who did what to which object, and when. `changes` holds old and new value per field.

    `object_type` and `object_id` name what it is about, by which it is found; `model` what was written, which may be
    a part of that (an intake key of a project). Private numbers are masked before they come here; secrets never do.
    """

    class Kind(models.TextChoices):
        MATRICES = "matrices", _("matrices")
        ROSTERS = "rosters", _("rosters")
        HOURS = "hours", _("support hours and maintenance")
        PROJECTS = "projects", _("customers and projects")
        PEOPLE = "people", _("people")
        TEAMS = "teams", _("teams")
        CONTACTS = "contacts", _("customers' contacts")
        KEYS = "keys", _("keys and tokens")
        SIGN_INS = "sign_ins", _("sign-ins")
        NUMBERS = "numbers", _("private numbers revealed")
        INSTALLATION = "installation", _("installation")

    class Action(models.TextChoices):
        CREATED = "created", _("created")
        CHANGED = "changed", _("changed")
        DELETED = "deleted", _("deleted")
        REVEALED = "revealed", _("private number revealed")
        SIGNED_IN = "signed_in", _("signed in")
        SIGNED_OUT = "signed_out", _("signed out")
        SIGN_IN_FAILED = "sign_in_failed", _("sign-in failed")
        CODE_FAILED = "code_failed", _("second factor failed")
        NEW_PASSWORD = "new_password", _("new password")
        FACTOR_ADDED = "factor_added", _("second factor added")
        FACTOR_REMOVED = "factor_removed", _("second factor removed")
        FACTOR_RENEWED = "factor_renewed", _("recovery codes renewed")

    at = models.DateTimeField(_("at"), db_default=Now(), editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    action = models.CharField(_("action"), max_length=14, choices=Action)
    object_type = models.CharField(_("type of the object"), max_length=40, blank=True)
    object_id = models.BigIntegerField(_("number of the object"), null=True)
    model = models.CharField(_("what was written"), max_length=60, blank=True)
    name = models.CharField(_("name"), max_length=200, blank=True, help_text=_("as it was then"))
    changes = models.JSONField(_("changes"), default=dict, encoder=DjangoJSONEncoder)
    why = models.CharField(_("because"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("entry of the audit log")
        verbose_name_plural = _("audit log")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_by_time"),
            models.Index(fields=["by", "-at"], name="audit_by_person"),
            models.Index(fields=["object_type", "object_id", "-at"], name="audit_by_object"),
            models.Index(fields=["kind", "-at"], name="audit_by_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}: {self.name}"


Row = TypeVar("Row", bound="Audited")


class AuditedQuerySet(models.QuerySet[Row]):
    """Writes in bulk are written down as well, each row as if it had been saved alone."""

    def update(self, **values: Any) -> int:
        from portal import audit

        with audit.noting_rows(self, only=values):
            return super().update(**values)

    update.alters_data = True  # type: ignore[attr-defined]  # as Django marks its own

    def delete(self) -> tuple[int, dict[str, int]]:
        from portal import audit

        with audit.noting_rows(self):
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]  # as Django marks its own
    delete.queryset_only = True  # type: ignore[attr-defined]  # as Django marks its own

    def bulk_create(self, objs: Iterable[Row], *args: Any, **options: Any) -> list[Row]:
        from portal import audit

        with audit.noting_new(list(objs)) as rows:
            return super().bulk_create(rows, *args, **options)


class Audited(models.Model):
    """Mixin of rows that are edited in place: each write says who changed what, in the same transaction.

    A QuerySet of such a model inherits from `AuditedQuerySet`. Nobody has to remember anything else.
    """

    audit_kind: ClassVar[str]
    audit_about: ClassVar[str] = ""
    """The foreign key to what an entry is about; empty: the row itself."""
    audit_private: ClassVar[tuple[str, ...]] = ()
    """Fields of which the log keeps only so much that one sees that they changed."""
    audit_left_out: ClassVar[tuple[str, ...]] = ()
    """Secrets, and what is derived or only counts visits."""

    objects = AuditedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        from portal import audit

        with audit.noting(self, only=options.get("update_fields")):
            super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        from portal import audit

        with audit.noting_rows(type(self)._default_manager.filter(pk=self.pk)):
            return super().delete(*args, **options)
