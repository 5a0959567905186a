"""Who changed which published number."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models import Person


class NumberChange(models.Model):
    """Append-only: a published number was changed. `subject` is the id of a project, rota or team, as `kind` says."""

    class Kind(models.TextChoices):
        HOTLINE = "hotline", _("hotline")
        DUTY = "duty", _("duty number")
        TEAM = "team", _("team's number")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    subject = models.BigIntegerField(_("subject"))
    name = models.CharField(_("name"), max_length=160, help_text=_("of what it belongs to, as it was then"))
    before = models.CharField(_("before"), max_length=20, blank=True)
    after = models.CharField(_("after"), max_length=20, blank=True)
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    why = models.CharField(_("because"), max_length=300)

    class Meta:
        verbose_name = _("change of a number")
        verbose_name_plural = _("changes of numbers")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.before} → {self.after}"
