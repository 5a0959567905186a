"""What keeps guessers out."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SignInAttempt(models.Model):
    """A password or code that was tried for an account or from an address, until it turns out to be right.

    In the database and not in the cache: what keeps guessers out must not be lost with Redis.
    """

    key = models.CharField(_("key"), max_length=64)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("sign-in attempt")
        verbose_name_plural = _("sign-in attempts")
        indexes = [models.Index(fields=["key", "at"], name="sign_in_attempt_recent")]

    def __str__(self) -> str:
        return f"{self.key[:8]} {self.at:%H:%M:%S}"
