"""Business time as data: whose hours, in which zone, with which statutory holidays."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .recorded import STILL_RECORDED, Recorded
from .validators import validate_zone


class SupportHours(models.Model):
    """A calendar of opening hours: the provider's office, a team's, a person's or a contact's.

    Round-the-clock service is a matter of route and clock, never of these hours.
    """

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    zone = models.CharField(max_length=64, validators=[validate_zone])
    country = models.CharField(max_length=2, blank=True, help_text=_("ISO 3166-1; empty: no statutory holidays"))
    subdivision = models.CharField(max_length=6, blank=True, help_text=_("ISO 3166-2 without the country, e.g. HE"))

    class Meta:
        verbose_name = verbose_name_plural = _("support hours")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class WeeklyOpening(Recorded):
    """One local interval on one weekday; `closes` at or before `opens` runs over midnight."""

    hours = models.ForeignKey(SupportHours, on_delete=models.PROTECT, related_name="weekly")
    weekday = models.PositiveSmallIntegerField(help_text=_("0 is Monday"))
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        verbose_name = _("weekly opening")
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

    hours = models.ForeignKey(SupportHours, on_delete=models.PROTECT, related_name="dated")
    day = models.DateField()
    opens = models.TimeField(null=True, blank=True)
    closes = models.TimeField(null=True, blank=True)
    label = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name = _("dated exception")
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
