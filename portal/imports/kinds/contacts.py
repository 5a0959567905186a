"""Customers' contacts, by customer and address."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.imports import cells
from portal.imports.plan import Column, Fate, Outcome, Row
from portal.models import Contact, ContactChange, Customer, Installation, Person, Project

from .base import Act, Kind, of_outcome, wanted_of

OWN = ("company", "can_report", "can_order", "can_manage_contacts", "phones", "call_back_order")


class Contacts(Kind):
    slug = "contacts"
    label = gettext_lazy("Customers' contacts")
    hint = gettext_lazy(
        "Known by customer and e-mail address. Name and language count for people who are new; these get no password "
        "and set one by “Forgot your password?”. Without projects a new contact sees every project of the customer."
    )
    identity = ("customer", "email")
    columns = (
        Column("customer", "customer", "Kunde", cells.key, "alster", required=True),
        Column("email", "e-mail", "E-Mail", cells.email, "alice@alster.example", required=True),
        Column("name", "name", "Name", cells.text(120), "Alice Alster"),
        Column("language", "language", "Sprache", cells.language, "de"),
        Column("company", "company", "Firma", cells.text(160)),
        Column("projects", "projects", "Projekte", cells.each(cells.key, 100), "webshop"),
        Column("can_report", "may report", "darf melden", cells.yes_or_no, "ja"),
        Column("can_order", "may order", "darf beauftragen", cells.yes_or_no, "nein"),
        Column("can_manage_contacts", "may manage contacts", "darf Kontakte verwalten", cells.yes_or_no, "nein"),
        Column("phones", "phones", "Rückrufnummern", cells.each(cells.number, 3), "+49 40 123456", private=True),
        Column("call_back_order", "order of call-back", "Rückrufreihenfolge", cells.place, "1"),
    )

    def load(self, rows: Sequence[Row]) -> None:
        self.customers = {c.key: c for c in self.held(Customer.objects.filter(key__in=wanted_of(rows, "customer")))}
        self.people = {p.email: p for p in Person.objects.filter(email__in=wanted_of(rows, "email"))}
        found = self.held(
            Contact.objects.filter(customer__in=self.customers.values(), person__in=self.people.values())
        ).prefetch_related("limited_to")
        self.known = {(contact.customer_id, contact.person_id): contact for contact in found}
        self.projects = {p.key: p for p in Project.objects.filter(key__in=wanted_of(rows, "projects"))}
        self.zone = Installation.objects.values_list("zone", flat=True).first() or "Europe/Berlin"

    def judge(self, row: Row) -> Fate:
        customer = self.customers.get(row.values["customer"])
        if customer is None:
            key = row.values["customer"]
            return self.refused(row, _("There is no customer “%(key)s”. Import customers first.") % {"key": key})
        person = self.people.get(row.values["email"])
        target = self.known.get((customer.pk, person.pk)) if person else None
        reasons = [*self._misfits(row, person, target), *self._foreign(row, customer)]
        if reasons:
            return self.refused(row, *reasons)
        wanted = self.given(row, *OWN, "projects")
        if "projects" in wanted:
            wanted["projects"] = tuple(sorted(wanted["projects"]))
        if target is None:
            return self.compared(row, None, wanted)
        present = {name: getattr(target, name) for name in OWN} | {"phones": tuple(target.phones)}
        present["projects"] = tuple(sorted(project.key for project in target.limited_to.all()))
        return self.compared(row, target, wanted, present)

    def _misfits(self, row: Row, person: Person | None, target: Contact | None) -> list[str]:
        if person is None:
            return [] if row.get("name") else [_("The person is new, so a name is needed.")]
        if person.is_staff:
            return [_("This person works for the provider and is no customer's contact.")]
        if not person.is_active or (target is not None and target.left_at is not None):
            return [_("This contact has left. Take them back by hand first.")]
        return []

    def _foreign(self, row: Row, customer: Customer) -> list[str]:
        """A limit that cannot be kept must not become none."""
        found = [(key, self.projects.get(key)) for key in row.get("projects", ())]
        wrong = [key for key, project in found if project is None or project.customer_id != customer.pk]
        return [_("%(customer)s has no project “%(key)s”.") % {"customer": customer.name, "key": key} for key in wrong]

    def write(self, fates: Sequence[Fate], act: Act) -> None:
        created, changed = of_outcome(fates, Outcome.CREATE), of_outcome(fates, Outcome.CHANGE)
        self._make_people(created)
        made = [
            Contact(
                customer=self.customers[fate.row.values["customer"]],
                person=self.people[fate.row.values["email"]],
                **_own(fate),
            )
            for fate in created
        ]
        Contact.objects.bulk_create(made)
        for fate in changed:
            for name, value in _own(fate).items():
                setattr(fate.target, name, value)
        Contact.objects.bulk_update([fate.target for fate in changed], list(OWN), batch_size=500)
        pairs = list(zip([*created, *changed], [*made, *(fate.target for fate in changed)], strict=True))
        self._limit(pairs)
        self._note(pairs, act)

    def _make_people(self, created: list[Fate]) -> None:
        """One person for several rows: somebody may be contact of several customers."""
        fresh: dict[str, Person] = {}
        for fate in created:
            email = fate.row.values["email"]
            if email not in self.people and email not in fresh:
                language = fate.row.get("language") or "de"
                fresh[email] = Person(
                    email=email,
                    name=fate.row.values["name"],
                    language=language,
                    zone=self.zone,
                    password=make_password(None),
                )
        Person.objects.bulk_create(fresh.values())
        self.people |= fresh

    def _limit(self, pairs: list[tuple[Fate, Contact]]) -> None:
        link = Contact.limited_to.through
        limited = [(fate, contact) for fate, contact in pairs if "projects" in fate.wanted]
        link.objects.filter(contact__in=[contact.pk for _fate, contact in limited]).delete()
        links = [
            link(contact_id=contact.pk, project_id=self.projects[key].pk)
            for fate, contact in limited
            for key in fate.wanted["projects"]
        ]
        link.objects.bulk_create(links)

    def _note(self, pairs: list[tuple[Fate, Contact]], act: Act) -> None:
        changes = [
            ContactChange(
                customer_id=contact.customer_id,
                contact=contact,
                at=act.now,
                by=act.by,
                kind=ContactChange.Kind.IMPORTED if fate.target is None else ContactChange.Kind.CHANGED,
                name=self.people[fate.row.values["email"]].name,
                details=_details(fate),
            )
            for fate, contact in pairs
        ]
        ContactChange.objects.bulk_create(changes)


def _own(fate: Fate) -> dict[str, Any]:
    own = {name: fate.wanted[name] for name in OWN if name in fate.wanted}
    return own | ({"phones": list(own["phones"])} if "phones" in own else {})


def _details(fate: Fate) -> dict[str, list[Any]]:
    """As `portal.contacts` notes a change: old and new value of each field."""
    names = [change.column.name for change in fate.changes]
    return {name: [fate.present[name], fate.wanted[name]] for name in names}
