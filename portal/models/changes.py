"""Who changed what about customers, projects, people and teams: rows that are edited in place."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from .people import Person


class RowChange(models.Model):
    """Append-only: one change of one row. `details` holds old and new value per field; a new row has no old ones."""

    class Kind(models.TextChoices):
        CUSTOMER = "customer", _("customer")
        PROJECT = "project", _("project")
        PERSON = "person", _("person")
        TEAM = "team", _("team")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    row = models.PositiveBigIntegerField(_("row"))
    name = models.CharField(_("name"), max_length=160, help_text=_("of what it is about, as it was then"))
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    why = models.CharField(_("because"), max_length=300, blank=True)
    details = models.JSONField(_("details"), default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("change of a row")
        verbose_name_plural = _("changes of rows")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["kind", "row", "id"], name="row_change_of_row")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.kind}: {self.name}"
