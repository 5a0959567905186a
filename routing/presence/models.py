"""What people want of the night's report."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models import Person


class NightReportChoice(models.Model):
    """Whether a person wants the night's report by e-mail; without a row they do."""

    person = models.OneToOneField(
        Person, on_delete=models.CASCADE, related_name="night_report_choice", verbose_name=_("person")
    )
    wanted = models.BooleanField(_("wanted"))

    class Meta:
        verbose_name = _("choice of the night report")
        verbose_name_plural = _("choices of the night report")

    def __str__(self) -> str:
        return f"{self.person_id}: {self.wanted}"
