"""How somebody becomes a contact, and who changed what about a customer's contacts."""

from datetime import datetime, timedelta
from typing import Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from .customers import Contact, Customer
from .people import Person

INVITATION_VALID = timedelta(days=7)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def waiting(self) -> Self:
        """Neither accepted nor withdrawn; the link of one that is too old no longer works, but it can be sent again."""
        return self.filter(accepted_at=None, revoked_at=None)


class Invitation(models.Model):
    """What somebody will be once they follow the link that was sent to them; until then nobody knows them.

    `details` is what the form asked for (see `portal.contacts.details.Details`). The link's token is stored hashed;
    sending again makes a new one, and the link sent before is dead.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="invitations", verbose_name=_("customer")
    )
    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(_("language"), max_length=5, choices=[("de", _("German")), ("en", _("English"))])
    details = models.JSONField(_("details"), encoder=DjangoJSONEncoder)
    token_hash = models.CharField(_("token, hashed"), max_length=64, unique=True)
    created_at = models.DateTimeField(_("created at"))
    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name=_("created by"))
    expires_at = models.DateTimeField(_("expires at"))
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "email"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="invitation_waits_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} @ {self.customer_id}"

    def is_usable(self, now: datetime) -> bool:
        """Whether its link still works."""
        return self.accepted_at is None and self.revoked_at is None and now < self.expires_at


class ContactChange(models.Model):
    """Append-only: who changed what about a customer's contacts. `details` holds old and new value per field."""

    class Kind(models.TextChoices):
        INVITED = "invited", _("invited")
        SENT_AGAIN = "sent_again", _("invitation sent again")
        REVOKED = "revoked", _("invitation withdrawn")
        ACCEPTED = "accepted", _("invitation accepted")
        CHANGED = "changed", _("changed")
        LEFT = "left", _("left")
        CAME_BACK = "came_back", _("came back")
        IMPORTED = "imported", _("imported")
        NEW_PIN = "new_pin", _("new PIN for the phone")

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="contact_changes", verbose_name=_("customer")
    )
    contact = models.ForeignKey(
        Contact, null=True, on_delete=models.PROTECT, related_name="changes", verbose_name=_("contact")
    )
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    name = models.CharField(_("name"), max_length=120, help_text=_("of the person it is about, as it was then"))
    details = models.JSONField(_("details"), default=dict, encoder=DjangoJSONEncoder)
    account_closed = models.BooleanField(
        _("account closed"), default=False, help_text=_("the person's last contact left, and the account with it")
    )

    class Meta:
        verbose_name = _("change of a contact")
        verbose_name_plural = _("changes of contacts")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.kind}: {self.name}"
