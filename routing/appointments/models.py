"""Appointments: what a request of that topic ends in."""

import uuid
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.models import Person
from routing.incidents.models import Incident

from .slots import LENGTH

TOPIC = "appointment"
"""The topic whose requests wish for times."""


class Appointment(models.Model):
    """The times a customer wishes for, and the one that was confirmed; it takes an hour.

    `uid` and `sequence` are those of the invitation (RFC 5545): one meeting, however often it is moved.
    """

    uid = models.UUIDField(_("UID"), unique=True, default=uuid.uuid4, editable=False)
    incident = models.OneToOneField(
        Incident, on_delete=models.PROTECT, related_name="appointment", verbose_name=_("request")
    )
    wishes = ArrayField(models.DateTimeField(), verbose_name=_("times wished for"))
    host = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="appointments", verbose_name=_("host")
    )
    starts_at = models.DateTimeField(_("starts at"), null=True)
    sequence = models.PositiveSmallIntegerField(_("sequence"), default=0)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        constraints = [
            models.CheckConstraint(
                name="appointment_confirmed_whole",
                condition=Q(starts_at=None, host=None, confirmed_at=None)
                | Q(starts_at__isnull=False, host__isnull=False, confirmed_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["host", "starts_at"], condition=Q(starts_at__isnull=False), name="appointment_of_host")
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.starts_at or '-'}"

    @property
    def ends_at(self) -> datetime | None:
        return self.starts_at + LENGTH if self.starts_at else None
