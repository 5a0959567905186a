"""Business time as data: whose hours, in which zone, with which statutory holidays."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.hours import statutory_holidays

from .audit import Audited
from .recorded import STILL_RECORDED, Recorded
from .validators import validate_zone


class SupportHours(Audited):
    """A calendar of opening hours: the provider's office, a team's, a person's or a contact's.

    Round-the-clock service is a matter of route and clock, never of these hours.
    """

    audit_kind = "hours"

    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    zone = models.CharField(_("time zone"), max_length=64, validators=[validate_zone])
    country = models.CharField(
        _("country"), max_length=2, blank=True, help_text=_("ISO 3166-1; empty: no statutory holidays")
    )
    subdivision = models.CharField(
        _("subdivision"), max_length=20, blank=True, help_text=_("ISO 3166-2 without the country, e.g. HE")
    )
    # Zone and place as they were before are in the recorded settings; whoever asks of an earlier instant reads them.
    changed_at = models.DateTimeField(_("changed at"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("support hours")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a country or subdivision whose statutory holidays nobody knows."""
        super().clean()
        if not self.country:
            return
        try:
            statutory_holidays(self.country, self.subdivision or None, [2026])
        except ValueError as error:
            raise ValidationError({"country": str(error)}) from error


class WeeklyOpening(Recorded):
    """One local interval on one weekday; `closes` at or before `opens` runs over midnight."""

    hours = models.ForeignKey(
        SupportHours, on_delete=models.PROTECT, related_name="weekly", verbose_name=_("support hours")
    )
    weekday = models.PositiveSmallIntegerField(_("weekday"), help_text=_("0 is Monday"))
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))

    class Meta:
        verbose_name = _("weekly opening")
        verbose_name_plural = _("weekly openings")
        ordering = ["hours", "weekday", "opens"]
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="weekly_opening_weekday"),
            models.UniqueConstraint(
                fields=["hours", "weekday", "opens"], condition=STILL_RECORDED, name="weekly_opening_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hours_id}: {self.weekday} {self.opens:%H:%M}-{self.closes:%H:%M}"


class DatedOpening(Recorded):
    """A dated exception that replaces the whole local day; without times the day is closed."""

    hours = models.ForeignKey(
        SupportHours, on_delete=models.PROTECT, related_name="dated", verbose_name=_("support hours")
    )
    day = models.DateField(_("day"))
    opens = models.TimeField(_("opens"), null=True, blank=True)
    closes = models.TimeField(_("closes"), null=True, blank=True)
    label = models.CharField(_("label"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("dated exception")
        verbose_name_plural = _("dated exceptions")
        ordering = ["hours", "day", "opens"]
        constraints = [
            models.CheckConstraint(
                condition=Q(opens__isnull=True, closes__isnull=True) | Q(opens__isnull=False, closes__isnull=False),
                name="dated_opening_both_or_neither",
            ),
            models.UniqueConstraint(
                fields=["hours", "day", "opens"],
                condition=STILL_RECORDED,
                nulls_distinct=False,
                name="dated_opening_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hours_id}: {self.day} {self.opens or 'closed'}"
