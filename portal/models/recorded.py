"""Rows that influence a decision are never edited in place or deleted.

A change closes the row's `recorded` period and inserts its successor, with who and why. So the question
"whom would the portal have named last Sunday at 03:00, and by which rule?" always has an answer.
"""

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.fields.ranges import RangeEndsWith, RangeStartsWith
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

STILL_RECORDED = Q(recorded__upper_inf=True)


class RecordedQuerySet(models.QuerySet[Any]):
    """Reads through time: `as_of` an instant, or what stands recorded now."""

    def as_of(self, instant: datetime) -> Self:
        """Rows as they were recorded at `instant` (an aware datetime)."""
        return self.filter(recorded__contains=instant)

    def current(self) -> Self:
        """Rows that no later change has closed."""
        return self.filter(STILL_RECORDED)


class Recorded(models.Model):
    """Mixin of system time: `recorded` is the half-open period during which the portal believed this row."""

    recorded = DateTimeRangeField(_("recorded"), editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        verbose_name=_("recorded by"),
    )
    recorded_why = models.CharField(_("recorded because"), max_length=300, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        verbose_name=_("closed by"),
    )
    closed_why = models.CharField(_("closed because"), max_length=300, blank=True, editable=False)

    objects = RecordedQuerySet.as_manager()

    class Meta:
        abstract = True


class IdRange(Func):
    """A foreign key as a one-element range: GiST compares ranges without the btree_gist extension."""

    function = "int8range"
    template = "%(function)s(%(expressions)s, '[]')"

    def __init__(self, field: str) -> None:
        super().__init__(F(field), F(field))


def no_overlap(*, name: str, same: tuple[str, ...], period: str, condition: Q = STILL_RECORDED) -> ExclusionConstraint:
    """An exclusion constraint: rows that agree in the ids `same` do not overlap in `period`."""
    expressions = [(IdRange(field), RangeOperators.OVERLAPS) for field in same]
    return ExclusionConstraint(
        name=name,
        expressions=[*expressions, (period, RangeOperators.OVERLAPS)],
        condition=condition,
    )


def by_time(name: str) -> list[models.Index]:
    """Indexes for rows that daily work makes many of: the log asks for those begun or ended last."""
    return [
        models.Index(RangeStartsWith("recorded").desc(), name=f"{name}_began"),
        models.Index(RangeEndsWith("recorded").desc(), name=f"{name}_ended"),
    ]


class RecordedSettings(Recorded):
    """What a change made of a plain row of settings, which itself holds the present alone.

    `subject` names the row ("installation", "hours:12"); `before` and `values` hold every field, so that the first
    change after an instant also tells what the row said then.
    """

    subject = models.CharField(_("subject"), max_length=80)
    before = models.JSONField(_("before"))
    values = models.JSONField(_("afterwards"))

    class Meta:
        verbose_name = verbose_name_plural = _("recorded settings")
        ordering = ["subject", "recorded"]
        constraints = [
            models.UniqueConstraint(fields=["subject"], condition=STILL_RECORDED, name="recorded_settings_once")
        ]

    def __str__(self) -> str:
        return self.subject
