"""Teams: the Service Desk and the project teams, reached by their published phone."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from .audit import Audited
from .hours import SupportHours
from .people import Person
from .recorded import STILL_RECORDED, Recorded


class Team(Audited):
    audit_kind = "teams"

    class Kind(models.TextChoices):
        SERVICE_DESK = "service_desk", _("Service Desk")
        PROJECT_TEAM = "project_team", _("project team")

    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    phone = PhoneNumberField(_("published phone"), blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    hours = models.ForeignKey(SupportHours, on_delete=models.PROTECT, related_name="+", verbose_name=_("support hours"))
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class Membership(Recorded):
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("team"))
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("person"))
    speciality = models.CharField(_("speciality"), max_length=160, blank=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["team", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["team", "person"], condition=STILL_RECORDED, name="membership_once")
        ]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.team_id}"
