"""What was agreed: one matrix per project (or a template), in immutable published versions."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.models import Audited, Project

from . import labels
from .sla import Clock


class Matrix(Audited):
    """The communication matrix of one project, or a template without one."""

    audit_kind = "matrices"

    project = models.OneToOneField(
        Project, null=True, blank=True, on_delete=models.PROTECT, related_name="matrix", verbose_name=_("project")
    )
    name = models.CharField(_("name"), max_length=120, unique=True)

    class Meta:
        verbose_name = _("matrix")
        verbose_name_plural = _("matrices")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class MatrixVersionQuerySet(models.QuerySet["MatrixVersion"]):
    def in_force(self, instant: datetime, *, known_at: datetime) -> Self:
        """The version of each matrix that is in force at `instant`, of those published until `known_at`."""
        return (
            self.filter(published_at__lte=known_at, effective_from__lte=instant)
            .order_by("matrix_id", "-effective_from", "-number")
            .distinct("matrix_id")
        )

    def drafts(self) -> Self:
        """What is still worked on: neither published nor discarded."""
        return self.filter(published_at=None, discarded_at=None)

    def with_content(self) -> Self:
        """With everything a version holds, in a fixed number of queries."""
        return self.prefetch_related("terms", "reporting", "cells__steps")


class MatrixVersion(models.Model):
    """A draft until published; then immutable (a database trigger sees to it)."""

    matrix = models.ForeignKey(Matrix, on_delete=models.PROTECT, related_name="versions", verbose_name=_("matrix"))
    number = models.PositiveIntegerField(_("number"), null=True, help_text=_("given when published"))
    title_de = models.CharField(_("title (German)"), max_length=200, blank=True)
    title_en = models.CharField(_("title (English)"), max_length=200, blank=True)
    effective_from = models.DateTimeField(_("effective from"), null=True)
    published_at = models.DateTimeField(_("published at"), null=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("published by")
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    accepted_findings = models.JSONField(
        _("accepted findings"),
        default=list,
        blank=True,
        help_text=_("chains that miss their response target and were accepted all the same"),
    )
    based_on = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("based on")
    )
    revision = models.PositiveIntegerField(
        _("revision"), default=0, help_text=_("of a draft: counts its changes, so that two editors notice each other")
    )
    changed_at = models.DateTimeField(_("last changed"), null=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("last changed by"),
    )
    discarded_at = models.DateTimeField(_("discarded at"), null=True)

    objects = MatrixVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("matrix version")
        verbose_name_plural = _("matrix versions")
        ordering = ["matrix", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["matrix", "number"], name="matrix_version_number"),
            models.CheckConstraint(
                name="matrix_version_published_whole",
                condition=Q(published_at=None, number=None)
                | Q(published_at__isnull=False, number__isnull=False, effective_from__isnull=False),
            ),
            models.CheckConstraint(
                name="matrix_version_discarded_unpublished",
                condition=Q(discarded_at=None) | Q(published_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.matrix_id} v{self.number or '-'}"


class DraftEdit(models.Model):
    """One change of a draft: who made it, and what the draft held before it."""

    version = models.ForeignKey(
        MatrixVersion, on_delete=models.CASCADE, related_name="edits", verbose_name=_("version")
    )
    revision = models.PositiveIntegerField(_("revision"), help_text=_("the one that was changed"))
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )
    before = models.JSONField(_("before"))

    class Meta:
        verbose_name = _("change of a draft")
        verbose_name_plural = _("changes of drafts")
        ordering = ["version", "revision"]
        constraints = [models.UniqueConstraint(fields=["version", "revision"], name="draft_edit_once")]

    def __str__(self) -> str:
        return f"{self.version_id} r{self.revision}"


class PriorityTerms(models.Model):
    """What one priority means and what is promised for it; durations in minutes on the named clock."""

    version = models.ForeignKey(
        MatrixVersion, on_delete=models.CASCADE, related_name="terms", verbose_name=_("version")
    )
    priority = models.CharField(_("priority"), max_length=8, choices=labels.choices(labels.PRIORITY))
    definition_de = models.TextField(_("definition (German)"))
    definition_en = models.TextField(_("definition (English)"))
    examples_de = ArrayField(models.CharField(max_length=300), default=list, verbose_name=_("examples (German)"))
    examples_en = ArrayField(models.CharField(max_length=300), default=list, verbose_name=_("examples (English)"))
    response_minutes = models.PositiveIntegerField(_("response within (minutes)"))
    resolution_minutes = models.PositiveIntegerField(_("restoration within (minutes)"), null=True, blank=True)
    update_minutes = models.PositiveIntegerField(_("update every (minutes)"), null=True, blank=True)
    progress_minutes = models.PositiveIntegerField(
        _("progress within (minutes)"),
        null=True,
        blank=True,
        help_text=_("an acknowledged incident must show progress within this time"),
    )
    clock = models.CharField(
        _("clock"), max_length=16, choices=labels.choices(labels.CLOCK), default=Clock.ROUND_THE_CLOCK
    )
    pauses_while_waiting = models.BooleanField(_("pauses while waiting"), default=True)

    class Meta:
        verbose_name = verbose_name_plural = _("priority terms")
        constraints = [
            models.UniqueConstraint(fields=["version", "priority"], name="priority_terms_once"),
            models.CheckConstraint(condition=Q(response_minutes__gt=0), name="priority_terms_response"),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.priority}"


class Reporting(models.Model):
    """How the customer reports in one window: the required way first, and an instruction."""

    version = models.ForeignKey(
        MatrixVersion, on_delete=models.CASCADE, related_name="reporting", verbose_name=_("version")
    )
    priority = models.CharField(_("priority"), max_length=8, choices=labels.choices(labels.PRIORITY))
    window = models.CharField(_("window"), max_length=14, choices=labels.choices(labels.WINDOW))
    ways = ArrayField(models.CharField(max_length=6, choices=labels.choices(labels.REPORT_WAY)), verbose_name=_("ways"))
    instruction_de = models.TextField(_("instruction (German)"))
    instruction_en = models.TextField(_("instruction (English)"))

    class Meta:
        verbose_name = _("way to report")
        verbose_name_plural = _("ways to report")
        constraints = [
            models.UniqueConstraint(fields=["version", "priority", "window"], name="reporting_once"),
            models.CheckConstraint(condition=Q(ways__len__gt=0), name="reporting_has_a_way"),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.priority} {self.window}"


class Cell(models.Model):
    """One priority on one route: deferred to the next opening, or an ordered list of steps."""

    version = models.ForeignKey(
        MatrixVersion, on_delete=models.CASCADE, related_name="cells", verbose_name=_("version")
    )
    priority = models.CharField(_("priority"), max_length=8, choices=labels.choices(labels.PRIORITY))
    route = models.CharField(_("route"), max_length=14, choices=labels.choices(labels.ROUTE))
    defers = models.BooleanField(
        _("defers"), default=False, help_text=_("no steps of its own: waits for the next opening")
    )
    defers_outside_hours = models.BooleanField(
        _("defers outside hours"), default=False, help_text=_("its steps wait for the next opening")
    )

    class Meta:
        verbose_name = _("cell")
        verbose_name_plural = _("cells")
        constraints = [models.UniqueConstraint(fields=["version", "priority", "route"], name="cell_once")]

    def __str__(self) -> str:
        return f"{self.version_id} {self.priority} {self.route}"


class Step(models.Model):
    """One link of a chain: who, by which channels, and how many minutes until the next."""

    cell = models.ForeignKey(Cell, on_delete=models.CASCADE, related_name="steps", verbose_name=_("cell"))
    position = models.PositiveSmallIntegerField(_("position"))
    role = models.CharField(_("role"), max_length=20, choices=labels.choices(labels.ROLE))
    channels = ArrayField(
        models.CharField(max_length=5, choices=labels.choices(labels.CHANNEL)), verbose_name=_("channels")
    )
    wait = models.PositiveSmallIntegerField(_("wait (minutes)"), help_text=_("minutes until the next step"))
    ring_seconds = models.PositiveSmallIntegerField(
        _("rings (seconds)"), null=True, blank=True, help_text=_("how long a live call rings here; empty: not rung")
    )
    informs = models.BooleanField(_("only informs"), default=False, help_text=_("told, not expected to answer"))

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["cell", "position"]
        constraints = [
            models.UniqueConstraint(fields=["cell", "position"], name="step_position_once"),
            models.CheckConstraint(condition=Q(channels__len__gt=0), name="step_has_a_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.cell_id}.{self.position} {self.role}"


class Topic(Audited):
    """A request, not an incident: answered in office hours by its chain of roles, never paging."""

    audit_kind = "matrices"

    key = models.SlugField(_("key"), unique=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    name_de = models.CharField(_("name (German)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    hint_de = models.CharField(_("hint (German)"), max_length=300, blank=True)
    hint_en = models.CharField(_("hint (English)"), max_length=300, blank=True)
    roles = ArrayField(
        models.CharField(max_length=20, choices=labels.choices(labels.ROLE)), default=list, verbose_name=_("roles")
    )
    answer_minutes = models.PositiveIntegerField(
        _("answer within (minutes)"), null=True, blank=True, help_text=_("in support hours")
    )
    needs_right = models.CharField(_("right needed"), max_length=20, blank=True)
    becomes_incident = models.CharField(
        _("becomes incident"),
        max_length=8,
        blank=True,
        choices=labels.choices(labels.PRIORITY),
        help_text=_("reported as an incident instead"),
    )

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["position", "key"]

    def __str__(self) -> str:
        return self.key
