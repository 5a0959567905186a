"""Who is on duty: rotas and what they cover, rotations, overrides, swaps and absences."""

from datetime import datetime
from typing import Self, cast

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField
from psycopg2.extras import DateTimeTZRange

from portal.models import (
    STILL_RECORDED,
    Audited,
    AuditedQuerySet,
    Person,
    Project,
    Recorded,
    Tokened,
    by_time,
    no_overlap,
)
from portal.models.validators import validate_zone

from .rotation import AbsenceKind, Line

LINES = [(Line.PRIMARY.value, _("primary")), (Line.BACKUP.value, _("backup"))]


class RotaQuerySet(AuditedQuerySet["Rota"]):
    def in_use(self) -> Self:
        """Without those that are retired, whose duty is history."""
        return self.filter(retired_at=None)


class Rota(Audited):
    """A duty of two lines, under a public name and a duty number that may be published."""

    audit_kind = "rosters"

    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    public_name_de = models.CharField(_("public name (German)"), max_length=120)
    public_name_en = models.CharField(_("public name (English)"), max_length=120)
    zone = models.CharField(_("time zone"), max_length=64, validators=[validate_zone])
    duty_number = PhoneNumberField(_("duty number"), blank=True)
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)

    objects = RotaQuerySet.as_manager()  # type: ignore[misc]  # instead of the mixin's

    class Meta:
        verbose_name = _("rota")
        verbose_name_plural = _("rotas")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class RotaCoverage(Recorded):
    """A rota covers a project for a period; a project has exactly one rota at any instant."""

    rota = models.ForeignKey(Rota, on_delete=models.PROTECT, related_name="coverage", verbose_name=_("rota"))
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="coverage", verbose_name=_("project"))
    valid = DateTimeRangeField(_("valid"))

    class Meta:
        verbose_name = _("rota coverage")
        verbose_name_plural = _("coverage by rotas")
        constraints = [no_overlap(name="rota_coverage_one_rota", same=("project",), period="valid")]

    def __str__(self) -> str:
        return f"{self.rota_id} covers {self.project_id}"


class Rotation(Recorded):
    """The ordered members of one line, handed over at a local day and time."""

    rota = models.ForeignKey(Rota, on_delete=models.PROTECT, related_name="rotations", verbose_name=_("rota"))
    line = models.CharField(_("line"), max_length=7, choices=LINES)
    handover_weekday = models.PositiveSmallIntegerField(
        _("handover weekday"), help_text=_("0 is Monday; for periods of whole weeks")
    )
    handover_time = models.TimeField(_("handover time"), help_text=_("in the rota's zone"))
    period_days = models.PositiveSmallIntegerField(_("period (days)"), default=7)
    valid = DateTimeRangeField(_("valid"))
    members: models.ManyToManyField[Person, "RotationMember"] = models.ManyToManyField(
        Person, through="RotationMember", related_name="rotations", verbose_name=_("members")
    )

    class Meta:
        verbose_name = _("rotation")
        verbose_name_plural = _("rotations")
        ordering = ["rota", "line", "valid"]
        constraints = [
            models.CheckConstraint(condition=Q(handover_weekday__lte=6), name="rotation_weekday"),
            models.CheckConstraint(condition=Q(period_days__gt=0), name="rotation_period"),
            models.CheckConstraint(condition=Q(valid__lower_inf=False), name="rotation_begins"),
            *(
                no_overlap(
                    name=f"rotation_one_{line}",
                    same=("rota",),
                    period="valid",
                    condition=STILL_RECORDED & Q(line=line),
                )
                for line in ("primary", "backup")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rota_id} {self.line}"


class RotationMember(models.Model):
    """A place in a rotation; written once with its rotation and never changed."""

    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="places", verbose_name=_("rotation"))
    position = models.PositiveSmallIntegerField(_("position"))
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name=_("person"))

    class Meta:
        verbose_name = _("place in a rotation")
        verbose_name_plural = _("members of rotations")
        ordering = ["rotation", "position"]
        constraints = [models.UniqueConstraint(fields=["rotation", "position"], name="rotation_place_once")]

    def __str__(self) -> str:
        return f"{self.rotation_id}.{self.position}: {self.person_id}"


class Override(Recorded):
    """For a period somebody else holds a line; beats the rotation and any absence."""

    rota = models.ForeignKey(Rota, on_delete=models.PROTECT, related_name="overrides", verbose_name=_("rota"))
    line = models.CharField(_("line"), max_length=7, choices=LINES)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="overrides", verbose_name=_("person"))
    period = DateTimeRangeField(_("period"))

    class Meta:
        verbose_name = _("override")
        verbose_name_plural = _("overrides")
        ordering = ["rota", "period"]
        constraints = [
            models.CheckConstraint(
                condition=Q(period__lower_inf=False, period__upper_inf=False, period__isempty=False),
                name="override_period_bounded",
            ),
            *(
                no_overlap(
                    name=f"override_one_{line}",
                    same=("rota",),
                    period="period",
                    condition=STILL_RECORDED & Q(line=line),
                )
                for line in ("primary", "backup")
            ),
        ]
        indexes = by_time("override")

    def __str__(self) -> str:
        return f"{self.rota_id} {self.line}: {self.person_id}"


class SwapQuerySet(models.QuerySet["Swap"]):
    def visible_to(self, person: Person) -> Self:
        """Those the person asked for, and those they were asked."""
        return self.filter(Q(asked_by=person) | Q(requests__person=person)).distinct()


class Swap(models.Model):
    """Somebody wants to give duty away: to the first who accepts, who then holds it by an override.

    In return they may take duty of the one person they ask; then there are two overrides. Whoever has accepted is
    `accepted_by`. At `expires_at` the first duty of the two begins, and nobody can accept any more.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("asked")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("expired")

    rota = models.ForeignKey(Rota, on_delete=models.PROTECT, related_name="swaps", verbose_name=_("rota"))
    line = models.CharField(_("line"), max_length=7, choices=LINES)
    asked_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="swaps_asked", verbose_name=_("asked by")
    )
    asked_of: models.ManyToManyField[Person, "SwapRequest"] = models.ManyToManyField(
        Person, through="SwapRequest", related_name="swaps_received", verbose_name=_("asked of")
    )
    gives = DateTimeRangeField(_("gives"), help_text=_("the duty given away"))
    takes_line = models.CharField(_("line taken"), max_length=7, choices=LINES, blank=True)
    # The stubs know no range that may be empty.
    takes: models.Field[DateTimeTZRange | None, DateTimeTZRange | None] = DateTimeRangeField(  # type: ignore[misc]
        _("takes"), null=True, blank=True, help_text=_("the duty taken in return; empty: none is")
    )
    note = models.CharField(_("note"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField(_("asked at"))
    expires_at = models.DateTimeField(_("expires at"))
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    accepted_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("accepted by")
    )
    overrides = models.ManyToManyField(Override, blank=True, related_name="swaps", verbose_name=_("overrides"))

    objects = SwapQuerySet.as_manager()

    class Meta:
        verbose_name = _("swap")
        verbose_name_plural = _("swaps")
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(
                name="swap_takes_a_line_for_a_period",
                condition=Q(takes__isnull=True, takes_line="") | Q(takes__isnull=False) & ~Q(takes_line=""),
            ),
            models.CheckConstraint(
                name="swap_accepted_by_somebody",
                condition=Q(state="accepted", accepted_by__isnull=False)
                | ~Q(state="accepted") & Q(accepted_by__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], condition=Q(state="asked"), name="swap_open")]

    def __str__(self) -> str:
        return f"{self.rota_id} {self.line}: {self.asked_by_id} gives {self.gives}"


class SwapRequest(models.Model):
    """One of those who were asked whether they take a duty."""

    swap = models.ForeignKey(Swap, on_delete=models.CASCADE, related_name="requests", verbose_name=_("swap"))
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="swap_requests", verbose_name=_("person"))
    declined_at = models.DateTimeField(_("declined at"), null=True, blank=True)

    class Meta:
        verbose_name = _("request to swap")
        verbose_name_plural = _("requests to swap")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["swap", "person"], name="swap_request_once")]

    def __str__(self) -> str:
        return f"{self.swap_id}: {self.person_id}"


class Absence(Recorded):
    """A person is away; never with a reason, which would be health data.

    *short* is a meeting or a break and takes nobody off duty; *day* is a day or more.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="absences", verbose_name=_("person"))
    kind = models.CharField(
        _("kind"),
        max_length=5,
        choices=[
            (AbsenceKind.SHORT.value, _("meeting or break")),
            (AbsenceKind.DAY.value, _("a day or more")),
        ],
    )
    period = DateTimeRangeField(_("period"))

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        ordering = ["person", "period"]
        constraints = [
            models.CheckConstraint(
                condition=Q(period__lower_inf=False, period__upper_inf=False, period__isempty=False),
                name="absence_period_bounded",
            ),
        ]
        indexes = by_time("absence")

    def __str__(self) -> str:
        return f"{self.person_id} {self.kind}"

    @property
    def starts(self) -> datetime:
        """The first instant of the period (UTC)."""
        return cast("datetime", self.period.lower)

    @property
    def ends(self) -> datetime:
        """The first instant after the period (UTC)."""
        return cast("datetime", self.period.upper)


class CalendarFeed(Audited, Tokened):
    """A calendar that programs subscribe to by its secret address.

    It shows what `person` may see, for as long as they may.
    """

    audit_kind = "keys"
    audit_about = "person"

    class Kind(models.TextChoices):
        PROJECT = "project", _("support hours and maintenance of a project")
        PERSON = "person", _("own duty")
        ROTA = "rota", _("duty of a rota")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    person = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="calendar_feeds", verbose_name=_("person")
    )
    project = models.ForeignKey(
        Project, null=True, on_delete=models.PROTECT, related_name="calendar_feeds", verbose_name=_("project")
    )
    rota = models.ForeignKey(
        Rota, null=True, on_delete=models.PROTECT, related_name="calendar_feeds", verbose_name=_("rota")
    )

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="project") | Q(project__isnull=False), name="calendar_feed_of_a_project"
            ),
            models.CheckConstraint(condition=~Q(kind="rota") | Q(rota__isnull=False), name="calendar_feed_of_a_rota"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.project_id or self.rota_id or ''} for {self.person_id} ({self.token_start}…)"
