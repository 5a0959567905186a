"""What engineers say themselves about the work that a page led to."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.models import Person
from routing.paging.models import Page


class CallOutTimes(models.Model):
    """Begin and end of the work after a page, as its engineer puts them right: the latest row counts.

    What the portal proposed stays where it is, on the page and in the timeline; so do earlier rows.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="call_out_times", verbose_name=_("page"))
    begins_at = models.DateTimeField(_("begins at"))
    ends_at = models.DateTimeField(_("ends at"))
    remark = models.CharField(_("remark"), max_length=300, blank=True)
    recorded_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="+", editable=False, verbose_name=_("recorded by")
    )
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("times of a call-out")
        verbose_name_plural = _("times of call-outs")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gte=F("begins_at")), name="call_out_ends_after_it_begins")
        ]

    def __str__(self) -> str:
        return f"{self.page_id}: {self.begins_at} – {self.ends_at}"
