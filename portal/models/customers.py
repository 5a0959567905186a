"""Customers, their contacts and projects, and who of the provider looks after them."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from portal.search import numbers_in, words_in

from .audit import Audited, AuditedQuerySet
from .hours import SupportHours
from .people import Person
from .recorded import STILL_RECORDED, Recorded, no_overlap
from .teams import Team

CUSTOMER_WORDS = words_in("key", "name", "city")
PROJECT_WORDS = words_in("key", "name")
PROJECT_NUMBERS = numbers_in("hotline")
CONTACT_WORDS = words_in("company")
CONTACT_NUMBERS = numbers_in("phones", several=True)


class Customer(Audited):
    audit_kind = "projects"

    key = models.SlugField(_("key"), unique=True)
    name = models.CharField(_("name"), max_length=160)
    city = models.CharField(_("city"), max_length=80, blank=True)
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["key"]
        indexes = [GinIndex(CUSTOMER_WORDS, name="customer_words")]

    def __str__(self) -> str:
        return self.name


class ProjectQuerySet(AuditedQuerySet["Project"]):
    def visible_to(self, person: Person | AnonymousUser) -> Self:
        """Projects the person may see: all for the provider's people, else those they are contact for."""
        if not isinstance(person, Person) or not person.is_active:
            return self.none()
        if person.is_staff:
            return self
        contacts = Contact.objects.filter(person=person, left_at__isnull=True)
        unlimited = contacts.filter(limited_to__isnull=True).values("customer")
        # A limit names a project of the contact's own customer: one that has gone to another is theirs no more.
        limited = Q(limited_contacts__in=contacts, limited_contacts__customer=F("customer"))
        return self.filter(Q(customer__in=unlimited) | limited).distinct()


class Project(Audited):
    """One system the provider runs for one customer; its key is what people say on the phone."""

    audit_kind = "projects"

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="projects", verbose_name=_("customer")
    )
    key = models.SlugField(_("key"), unique=True)
    name = models.CharField(_("name"), max_length=160)
    hotline = PhoneNumberField(_("hotline"), blank=True)
    languages = ArrayField(models.CharField(max_length=5), default=list, blank=True, verbose_name=_("languages"))
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)

    objects = ProjectQuerySet.as_manager()  # type: ignore[misc]  # instead of the mixin's

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        ordering = ["key"]
        indexes = [
            GinIndex(PROJECT_WORDS, name="project_words"),
            GinIndex(PROJECT_NUMBERS, name="project_numbers"),
        ]

    def __str__(self) -> str:
        return self.key


class ProjectSupport(Recorded):
    """Whose office hours and which team support a project; one row stands recorded per project."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="support", verbose_name=_("project"))
    hours = models.ForeignKey(SupportHours, on_delete=models.PROTECT, related_name="+", verbose_name=_("support hours"))
    service_desk = models.ForeignKey(
        Team, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("service desk")
    )
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("team")
    )

    class Meta:
        verbose_name = _("project support")
        verbose_name_plural = _("project support of all projects")
        constraints = [
            models.UniqueConstraint(fields=["project"], condition=STILL_RECORDED, name="project_support_once")
        ]

    def __str__(self) -> str:
        return f"{self.project_id}: {self.team_id}"


class Assignment(Recorded):
    """A person as SDM or BRM of a project: the first in order holds the role, later ones are deputies."""

    class Role(models.TextChoices):
        SDM = "sdm", _("Service Delivery Manager")
        BRM = "brm", _("Business Relationship Manager")

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="assignments", verbose_name=_("project")
    )
    role = models.CharField(_("role"), max_length=3, choices=Role)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="assignments", verbose_name=_("person"))
    order = models.PositiveSmallIntegerField(_("order"), default=1)
    valid = DateTimeRangeField(_("valid"))

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["project", "role", "order"]
        constraints = [
            models.CheckConstraint(condition=Q(role__in=["sdm", "brm"]), name="assignment_role"),
            *(
                no_overlap(
                    name=f"assignment_one_{role}_per_place",
                    same=("project", "order"),
                    period="valid",
                    condition=STILL_RECORDED & Q(role=role),
                )
                for role in ("sdm", "brm")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.role} {self.order}: {self.person_id}"


class ContactQuerySet(models.QuerySet["Contact"]):
    def current(self) -> Self:
        """Those who have not left."""
        return self.filter(left_at=None)

    def managing(self) -> Self:
        """Those of them who may invite, change and dismiss colleagues."""
        return self.current().filter(can_manage_contacts=True, person__is_active=True)


class Contact(models.Model):
    """A person of a customer: what they may do, and how the provider calls them back.

    `limited_to` empty means every project of the customer. `phones` are E.164 numbers in the order in which to try
    them; they are the customer's word to the provider and nobody else's business.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="contacts", verbose_name=_("customer")
    )
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="contacts", verbose_name=_("person"))
    limited_to = models.ManyToManyField(
        Project, blank=True, related_name="limited_contacts", verbose_name=_("limited to projects")
    )
    company = models.CharField(_("company"), max_length=160, blank=True)
    can_report = models.BooleanField(_("may report"), default=True)
    can_order = models.BooleanField(_("may order"), default=False)
    can_manage_contacts = models.BooleanField(_("may manage contacts"), default=False)
    phones = ArrayField(
        models.CharField(max_length=16), default=list, blank=True, verbose_name=_("numbers for call-back")
    )
    call_back_order = models.PositiveSmallIntegerField(_("order of call-back"), null=True, blank=True)
    reachable = models.ForeignKey(
        SupportHours,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("empty: always"),
        verbose_name=_("reachable"),
    )
    pin = models.CharField(_("PIN"), max_length=128, blank=True, editable=False, help_text=_("hashed like a password"))
    left_at = models.DateTimeField(_("left at"), null=True, blank=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["customer", "call_back_order", "pk"]
        constraints = [models.UniqueConstraint(fields=["customer", "person"], name="contact_once_per_customer")]
        indexes = [
            GinIndex(CONTACT_WORDS, name="contact_words"),
            GinIndex(CONTACT_NUMBERS, name="contact_numbers"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} @ {self.customer_id}"
