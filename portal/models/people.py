"""People: everybody who can log in, be called, or be named."""

from typing import Any, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from portal.search import numbers_in, words_in

from .audit import Audited, AuditedQuerySet
from .hours import SupportHours
from .validators import validate_zone

SERVICE_DESK = "Service Desk"
ON_CALL = "On-call"
ADMINISTRATORS = "Administrators"
GROUPS = (SERVICE_DESK, ON_CALL, ADMINISTRATORS)
PERSON_WORDS = words_in("name", "email")
PERSON_NUMBERS = numbers_in("direct_line")


class PersonManager(BaseUserManager["Person"]):
    """Makes people; the e-mail address is the login name and is compared without case."""

    def get_queryset(self) -> AuditedQuerySet["Person"]:
        return AuditedQuerySet(self.model, using=self._db)

    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        person = self.model(email=self.normalize_email(email).lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class Person(Audited, AbstractBaseUser, PermissionsMixin):
    """A person of the provider (`is_staff`) or of a customer.

    `direct_line` may be published; `mobile` is private and is never shown to customers.
    """

    audit_kind = "people"
    audit_private = ("mobile",)

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(_("language"), max_length=5, choices=[("de", _("German")), ("en", _("English"))])
    zone = models.CharField(_("time zone"), max_length=64, default="Europe/Berlin", validators=[validate_zone])
    direct_line = PhoneNumberField(_("direct line"), blank=True)
    mobile = PhoneNumberField(_("mobile (private)"), blank=True)
    function = models.CharField(_("function"), max_length=120, blank=True)
    working_hours = models.ForeignKey(
        SupportHours,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("working hours"),
    )
    is_staff = models.BooleanField(_("works for the provider"), default=False)
    is_active = models.BooleanField(_("active"), default=True)

    objects = PersonManager()  # type: ignore[misc, assignment]  # instead of the mixin's

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [models.UniqueConstraint(Lower("email"), name="person_email_without_case")]
        indexes = [
            GinIndex(PERSON_WORDS, name="person_words"),
            GinIndex(PERSON_NUMBERS, name="person_numbers"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        """How the administration greets."""
        return self.name

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    def holds(self: Self, *groups: str) -> bool:
        """Whether the person is in one of the groups; read once per instance, so a page asks once."""
        if not hasattr(self, "_group_names"):
            self._group_names = {group.name for group in self.groups.all()} if self.pk else set()
        return not self._group_names.isdisjoint(groups)
