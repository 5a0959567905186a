"""What customers are told by e-mail of an incident, and what they want to be told."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models import Person
from routing.incidents.models import TimelineEntry
from routing.paging.models import Delivery


class Kind(models.TextChoices):
    """What a notice is about."""

    RECEIPT = "receipt", _("receipt of a report")
    ACKNOWLEDGED = "acknowledged", _("somebody has taken it")
    QUESTION = "question", _("questions and messages")
    RESOLVED = "resolved", _("it is resolved")
    REOPENED = "reopened", _("it is open again")


class Notice(models.Model):
    """One mail to one person about one entry of a timeline; written in the transaction of the entry itself.

    Its text is made when it is sent, in the person's language and zone, and limited to what they may read by then.
    """

    entry = models.ForeignKey(
        TimelineEntry, on_delete=models.CASCADE, related_name="notices", verbose_name=_("timeline entry")
    )
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+", verbose_name=_("person"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    delivery = models.OneToOneField(
        Delivery, on_delete=models.CASCADE, related_name="notice", verbose_name=_("delivery")
    )

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [models.UniqueConstraint(fields=["entry", "person"], name="notice_once")]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.kind}: {self.person_id}"


class NoticeChoice(models.Model):
    """Whether a person wants notices of a kind; without a row they do."""

    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="notice_choices", verbose_name=_("person")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    wanted = models.BooleanField(_("wanted"))

    class Meta:
        verbose_name = _("choice of notices")
        verbose_name_plural = _("choices of notices")
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="notice_choice_once")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.kind}: {self.wanted}"
