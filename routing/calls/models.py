"""Calls: who rang about an incident, and where they are to be called back."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.models import Person
from routing.incidents.models import Incident


class Call(models.Model):
    """One caller's call about an incident: the one it was logged for, or a later one.

    `person` is who called, where the portal knows them; else there is a `name`, a `phone` (E.164), or both. Only the
    provider's people read it: how somebody may be called back is nobody else's business.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="calls", verbose_name=_("incident"))
    person = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("person")
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    phone = models.CharField(_("number for call-back"), max_length=16, blank=True)
    proven = models.BooleanField(_("proven by PIN"), default=False)
    began_at = models.DateTimeField(_("call began at"))
    taken_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name=_("taken by"))

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        ordering = ["began_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False) | ~Q(name="") | ~Q(phone=""), name="call_of_somebody"
            )
        ]

    def __str__(self) -> str:
        return f"{self.incident_id}: {self.name or self.person_id or self.phone}"
