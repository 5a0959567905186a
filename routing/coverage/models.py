"""What administrators have been told of the coverage."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class KnownFinding(models.Model):
    """One thing that a finding says, by the digest of its identity; its row goes when the finding does.

    `told_at` is empty until it has stood long enough to be more than somebody's work in progress.
    """

    digest = models.CharField(_("digest"), max_length=64, unique=True)
    severity = models.CharField(_("severity"), max_length=4)
    seen_at = models.DateTimeField(_("seen at"))
    told_at = models.DateTimeField(_("told at"), null=True)

    class Meta:
        verbose_name = _("known finding")
        verbose_name_plural = _("known findings")

    def __str__(self) -> str:
        return f"{self.digest[:8]} {self.seen_at:%Y-%m-%d %H:%M}"
