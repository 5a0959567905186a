"""What engineers say themselves: when they worked after a page, and that they take a duty over."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from oncall.models import LINES, Rota
from portal.models import Person
from routing.paging.models import Page, new_link_token


class CallOutTimes(models.Model):
    """Begin and end of the work after a page, as its engineer puts them right: the latest row counts.

    What the portal proposed stays where it is, on the page and in the timeline; so do earlier rows.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="call_out_times", verbose_name=_("page"))
    begins_at = models.DateTimeField(_("begins at"))
    ends_at = models.DateTimeField(_("ends at"))
    remark = models.CharField(_("remark"), max_length=300, blank=True)
    recorded_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="+", editable=False, verbose_name=_("recorded by")
    )
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("times of a call-out")
        verbose_name_plural = _("times of call-outs")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gte=F("begins_at")), name="call_out_ends_after_it_begins")
        ]

    def __str__(self) -> str:
        return f"{self.page_id}: {self.begins_at} – {self.ends_at}"


class DutyConfirmationQuerySet(models.QuerySet["DutyConfirmation"]):
    def open(self, now: datetime) -> Self:
        """Those still asked for: of a duty to come, neither confirmed nor taken back."""
        return self.filter(confirmed_at=None, withdrawn_at=None, begins_at__gt=now)


class DutyConfirmation(models.Model):
    """Somebody is asked whether they take over a line at `begins_at`, and says so.

    `withdrawn_at`: the roster names somebody else by now. `warned_at`: nobody had confirmed in time, and those who
    can act were told.
    """

    rota = models.ForeignKey(Rota, on_delete=models.PROTECT, related_name="confirmations", verbose_name=_("rota"))
    line = models.CharField(_("line"), max_length=7, choices=LINES)
    person = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="duty_confirmations", verbose_name=_("person")
    )
    begins_at = models.DateTimeField(_("begins at"))
    token = models.CharField(_("token"), max_length=24, unique=True, default=new_link_token, editable=False)
    asked_at = models.DateTimeField(_("asked at"))
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)
    warned_at = models.DateTimeField(_("warned at"), null=True)

    objects = DutyConfirmationQuerySet.as_manager()

    class Meta:
        verbose_name = _("confirmation of a duty")
        verbose_name_plural = _("confirmations of duty")
        ordering = ["begins_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["rota", "line", "person", "begins_at"],
                condition=Q(withdrawn_at=None),
                name="duty_confirmation_asked_once",
            )
        ]
        indexes = [models.Index(fields=["begins_at"], name="duty_confirmation_begins")]

    def __str__(self) -> str:
        return f"{self.rota_id} {self.line}: {self.person_id} from {self.begins_at}"
