"""Who is on duty: rotas and what they cover, rotations, overrides, swaps and absences."""

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from portal.models import STILL_RECORDED, Person, Project, Recorded, no_overlap
from portal.models.validators import validate_zone

from .rotation import AbsenceKind, Line

LINES = [(Line.PRIMARY.value, _("primary")), (Line.BACKUP.value, _("backup"))]


class Rota(models.Model):
    """A duty of two lines, under a public name and a duty number that may be published."""

    slug = models.SlugField(unique=True)
    name = models.CharField(_("name"), max_length=120)
    public_name_de = models.CharField(max_length=120)
    public_name_en = models.CharField(max_length=120)
    zone = models.CharField(_("time zone"), max_length=64, validators=[validate_zone])
    duty_number = PhoneNumberField(_("duty number"), blank=True)

    class Meta:
        verbose_name = _("rota")
        verbose_name_plural = _("rotas")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class RotaCoverage(Recorded):
    """A rota covers a project for a period; a project has exactly one rota at any instant."""

    rota = models.ForeignKey(Rota, on_delete=models.PROTECT, related_name="coverage")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="coverage")
    valid = DateTimeRangeField()

    class Meta:
        verbose_name = _("rota coverage")
        constraints = [no_overlap(name="rota_coverage_one_rota", same=("project",), period="valid")]

    def __str__(self) -> str:
        return f"{self.rota_id} covers {self.project_id}"


class Rotation(Recorded):
    """The ordered members of one line, handed over at a local day and time."""

    rota = models.ForeignKey(Rota, on_delete=models.PROTECT, related_name="rotations")
    line = models.CharField(max_length=7, choices=LINES)
    handover_weekday = models.PositiveSmallIntegerField(help_text=_("0 is Monday; for periods of whole weeks"))
    handover_time = models.TimeField(help_text=_("in the rota's zone"))
    period_days = models.PositiveSmallIntegerField(default=7)
    valid = DateTimeRangeField()
    members: models.ManyToManyField[Person, "RotationMember"] = models.ManyToManyField(
        Person, through="RotationMember", related_name="rotations"
    )

    class Meta:
        verbose_name = _("rotation")
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

    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="places")
    position = models.PositiveSmallIntegerField()
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["rotation", "position"]
        constraints = [models.UniqueConstraint(fields=["rotation", "position"], name="rotation_place_once")]

    def __str__(self) -> str:
        return f"{self.rotation_id}.{self.position}: {self.person_id}"


class Override(Recorded):
    """For a period somebody else holds a line; beats the rotation and any absence."""

    rota = models.ForeignKey(Rota, on_delete=models.PROTECT, related_name="overrides")
    line = models.CharField(max_length=7, choices=LINES)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="overrides")
    period = DateTimeRangeField()

    class Meta:
        verbose_name = _("override")
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

    def __str__(self) -> str:
        return f"{self.rota_id} {self.line}: {self.person_id}"


class Swap(models.Model):
    """Two people exchange duty: asked, accepted, then two overrides."""

    class State(models.TextChoices):
        ASKED = "asked", _("asked")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")

    rota = models.ForeignKey(Rota, on_delete=models.PROTECT, related_name="swaps")
    line = models.CharField(max_length=7, choices=LINES)
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="swaps_asked")
    asked_of = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="swaps_received")
    gives = DateTimeRangeField(help_text=_("the duty given away"))
    takes = DateTimeRangeField(help_text=_("the duty taken in return"))
    state = models.CharField(max_length=9, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    overrides = models.ManyToManyField(Override, blank=True, related_name="swaps")

    class Meta:
        verbose_name = _("swap")
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(condition=~Q(asked_by=F("asked_of")), name="swap_between_two"),
        ]

    def __str__(self) -> str:
        return f"{self.rota_id}: {self.asked_by_id} and {self.asked_of_id}"


class Absence(Recorded):
    """A person is away; never with a reason, which would be health data.

    *short* is a meeting or a break and takes nobody off duty; *day* is a day or more.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="absences")
    kind = models.CharField(
        max_length=5,
        choices=[
            (AbsenceKind.SHORT.value, _("meeting or break")),
            (AbsenceKind.DAY.value, _("a day or more")),
        ],
    )
    period = DateTimeRangeField()

    class Meta:
        verbose_name = _("absence")
        ordering = ["person", "period"]
        constraints = [
            models.CheckConstraint(
                condition=Q(period__lower_inf=False, period__upper_inf=False, period__isempty=False),
                name="absence_period_bounded",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.kind}"
