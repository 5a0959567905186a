"""What is reached by a secret that stands in an address; `portal/tokens.py` makes, finds and revokes it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Tokened(models.Model):
    """Mixin of a revocable token, which is shown once and stored hashed (SHA-256)."""

    token_hash = models.CharField(_("token hash"), max_length=64, unique=True, editable=False)
    token_start = models.CharField(
        _("token begins with"), max_length=8, editable=False, help_text=_("to recognise it by")
    )
    created_at = models.DateTimeField(_("created at"))
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        abstract = True
