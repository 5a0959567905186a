"""The provider's installation: one row of facts, and the ordered list of its management."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from .audit import Audited
from .people import Person
from .recorded import STILL_RECORDED, Recorded
from .validators import validate_zone


class Installation(Audited):
    """Exactly one row: the provider, its switchboard, its margin and its last resort (a named phone)."""

    audit_kind = "installation"
    audit_private = ("last_resort_phone",)

    id = models.PositiveSmallIntegerField(_("number"), primary_key=True, default=1, editable=False)
    name = models.CharField(_("name"), max_length=160)
    zone = models.CharField(_("time zone"), max_length=64, validators=[validate_zone])
    switchboard = PhoneNumberField(_("switchboard"), blank=True)
    answer_margin = models.PositiveSmallIntegerField(
        _("answer margin"),
        default=15,
        help_text=_("Minutes before the response target at which the last answering link must have begun"),
    )
    rest_hours = models.PositiveSmallIntegerField(
        _("rest after a call-out (hours)"),
        default=11,
        help_text=_("Uninterrupted hours before ordinary work goes on; 0: nobody is warned"),
    )
    last_resort_name = models.CharField(_("last resort"), max_length=120, blank=True)
    last_resort_phone = PhoneNumberField(_("phone of the last resort"), blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("installation")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="installation_is_one"),
            models.CheckConstraint(condition=Q(rest_hours__lte=24), name="installation_rest_within_a_day"),
        ]

    def __str__(self) -> str:
        return self.name


class EscalationManager(Recorded):
    """The provider's management in the order in which an alarm of the portal reaches them."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name=_("person"))
    order = models.PositiveSmallIntegerField(_("order"), default=1)

    class Meta:
        verbose_name = _("escalation manager")
        verbose_name_plural = _("escalation managers")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=STILL_RECORDED, name="escalation_manager_place"),
            models.UniqueConstraint(fields=["person"], condition=STILL_RECORDED, name="escalation_manager_once"),
        ]

    def __str__(self) -> str:
        return f"{self.order}: {self.person_id}"
