"""Announced maintenance: when the provider works on projects, and what their people will notice."""

import uuid
from datetime import datetime
from typing import cast

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .customers import Project
from .people import Person
from .recorded import STILL_RECORDED, Recorded


class Maintenance(Recorded):
    """One version of an announcement; `uid` is the same in all its versions, `sequence` counts the changes.

    `period` is half-open and has both ends. A cancelled maintenance stays recorded, so that calendars learn of it.
    """

    uid = models.UUIDField(_("identifier"), default=uuid.uuid4, editable=False)
    sequence = models.PositiveSmallIntegerField(_("number of changes"), default=0, editable=False)
    projects = models.ManyToManyField(Project, related_name="maintenances", verbose_name=_("projects"))
    period = DateTimeRangeField(_("period"), help_text=_("begin and end in your time zone, like 2026-12-01 22:00"))
    text_de = models.TextField(_("what will be noticed (German)"))
    text_en = models.TextField(_("what will be noticed (English)"))
    announced_at = models.DateTimeField(_("announced at"), editable=False)
    announced_by = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="+", editable=False, verbose_name=_("announced by")
    )
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, editable=False)

    class Meta:
        verbose_name = _("maintenance")
        verbose_name_plural = _("announced maintenance")
        ordering = ["period", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(period__isempty=False, period__lower_inf=False, period__upper_inf=False),
                name="maintenance_begins_and_ends",
                violation_error_message=_("A maintenance begins and ends."),
            ),
            models.UniqueConstraint(fields=["uid"], condition=STILL_RECORDED, name="maintenance_once"),
        ]

    def __str__(self) -> str:
        return f"{self.uid} ({self.sequence})"

    @property
    def starts(self) -> datetime:
        """The first instant of the period (UTC)."""
        return cast("datetime", self.period.lower)

    @property
    def ends(self) -> datetime:
        """The first instant after the period (UTC)."""
        return cast("datetime", self.period.upper)
