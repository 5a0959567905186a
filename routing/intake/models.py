"""Keys with which monitoring systems post, and every signal they sent."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from matrix import labels
from matrix.terms import Priority
from portal.models import Audited, Person, Project, Tokened
from routing.incidents.models import Incident


class IntakeKey(Audited, Tokened):
    """A monitoring system's key for one project."""

    audit_kind = "keys"
    audit_about = "project"
    audit_left_out = ("created_at", "created_by", "last_used_at")

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="intake_keys", verbose_name=_("project")
    )
    name = models.CharField(_("name"), max_length=120)
    default_priority = models.CharField(
        _("default priority"), max_length=8, choices=labels.choices(labels.PRIORITY), default=Priority.CRITICAL
    )
    severity_map = models.JSONField(_("severity map"), default=dict, blank=True, help_text=_("severity → priority"))
    rate_per_minute = models.PositiveIntegerField(
        _("signals per minute"), null=True, blank=True, help_text=_("empty: the installation's")
    )
    created_by = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("created by")
    )
    last_used_at = models.DateTimeField(_("last used at"), null=True, help_text=_("with its present token"))

    class Meta:
        verbose_name = _("intake key")
        verbose_name_plural = _("intake keys")
        ordering = ["project", "name"]

    def __str__(self) -> str:
        return f"{self.project_id} {self.name} ({self.token_start}…)"


class FormerToken(models.Model):
    """A token that was replaced and still works until an instant, so that a monitoring system can be changed over."""

    key = models.ForeignKey(IntakeKey, on_delete=models.PROTECT, related_name="former", verbose_name=_("key"))
    token_hash = models.CharField(_("token hash"), max_length=64, unique=True, editable=False)
    token_start = models.CharField(_("token begins with"), max_length=8, editable=False)
    replaced_at = models.DateTimeField(_("replaced at"))
    works_until = models.DateTimeField(_("works until"))
    last_used_at = models.DateTimeField(_("last used at"), null=True)

    class Meta:
        verbose_name = _("replaced token")
        verbose_name_plural = _("replaced tokens")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.key_id} {self.token_start}…"


class KeyChange(models.Model):
    """Append-only: who did what to an intake key. `details` holds old and new value per field, never a token."""

    class Kind(models.TextChoices):
        CREATED = "created", _("created")
        CHANGED = "changed", _("changed")
        ROTATED = "rotated", _("rotated")
        CUT_OFF = "cut_off", _("replaced token cut off")
        REVOKED = "revoked", _("revoked")

    key = models.ForeignKey(IntakeKey, on_delete=models.PROTECT, related_name="changes", verbose_name=_("key"))
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    why = models.CharField(_("because"), max_length=300, blank=True)
    details = models.JSONField(_("details"), default=dict)

    class Meta:
        verbose_name = _("change of an intake key")
        verbose_name_plural = _("changes of intake keys")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.key_id} {self.kind}"


class Signal(models.Model):
    """One event that monitoring sent, kept raw, and what became of it."""

    class State(models.TextChoices):
        FIRING = "firing", _("firing")
        RESOLVED = "resolved", _("resolved")
        REFUSED = "refused", _("refused")

    key = models.ForeignKey(IntakeKey, on_delete=models.PROTECT, related_name="signals", verbose_name=_("key"))
    format = models.CharField(_("format"), max_length=20)
    state = models.CharField(_("state"), max_length=8, choices=State)
    dedup_key = models.CharField(_("deduplication key"), max_length=255, blank=True)
    raw = models.JSONField(_("as received"))
    refused_why = models.CharField(_("refused because"), max_length=300, blank=True)
    incident = models.ForeignKey(
        Incident, null=True, on_delete=models.CASCADE, related_name="signals", verbose_name=_("incident")
    )
    received_at = models.DateTimeField(_("received at"))

    class Meta:
        verbose_name = _("signal")
        verbose_name_plural = _("signals")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(name="signal_refused_says_why", condition=~Q(state="refused") | ~Q(refused_why=""))
        ]

    def __str__(self) -> str:
        return f"{self.format} {self.state} {self.dedup_key}"
