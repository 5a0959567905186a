"""The provider's people, by their address. They get no password: they ask for one at the login page."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.audit import note_all
from portal.imports import cells
from portal.imports.plan import Column, Fate, Outcome, Row
from portal.models import ON_CALL, SERVICE_DESK, AuditEntry, Installation, Person

from .base import Act, Kind, of_outcome, wanted_of

OWN = ("name", "language", "zone", "function", "direct_line", "mobile")
NUMBERS = ("direct_line", "mobile")
GROUPS = {
    SERVICE_DESK.casefold(): SERVICE_DESK,
    ON_CALL.casefold(): ON_CALL,
    "rufbereitschaft": ON_CALL,
    "oncall": ON_CALL,
}


class People(Kind):
    slug = "people"
    label = gettext_lazy("The provider's people")
    hint = gettext_lazy(
        "Known by their e-mail address. New people get no password: they set one by “Forgot your password?”. "
        "Groups are added, never taken away; administrators are made by hand."
    )
    identity = ("email",)
    columns = (
        Column("email", "e-mail", "E-Mail", cells.email, "jana@example.com", required=True),
        Column("name", "name", "Name", cells.text(120), "Jana Petersen"),
        Column("language", "language", "Sprache", cells.language, "de"),
        Column("zone", "time zone", "Zeitzone", cells.zone, "Europe/Berlin"),
        Column("function", "function", "Funktion", cells.text(120), "SDM"),
        Column("direct_line", "direct line", "Durchwahl", cells.number, "+49 69 90009131"),
        Column("mobile", "mobile", "Mobil", cells.number, "+49 171 3920031", private=True),
        Column("groups", "groups", "Gruppen", cells.each(cells.one_of(GROUPS), 2), "Service Desk"),
    )

    def load(self, rows: Sequence[Row]) -> None:
        known = self.held(Person.objects.filter(email__in=wanted_of(rows, "email")).prefetch_related("groups"))
        self.known = {person.email: person for person in known}
        self.zone = Installation.objects.values_list("zone", flat=True).first() or "Europe/Berlin"

    def judge(self, row: Row) -> Fate:
        target = self.known.get(row.values["email"])
        wanted = self.given(row, *OWN, "groups")
        if target is None:
            if not row.get("name"):
                return self.refused(row, _("The person is new, so a name is needed."))
            return self.compared(row, None, wanted)
        if not target.is_staff:
            return self.refused(row, _("This address is a customer's contact. It cannot become one of the provider's."))
        if not target.is_active:
            return self.refused(row, _("This person was deactivated. Take them back by hand first."))
        present: dict[str, Any] = {name: getattr(target, name) for name in OWN}
        present |= {name: str(present[name] or "") for name in NUMBERS}
        held = sorted(group.name for group in target.groups.all() if group.name in GROUPS.values())
        present["groups"] = tuple(held)
        if "groups" in wanted:
            wanted["groups"] = tuple(sorted({*held, *wanted["groups"]}))
        return self.compared(row, target, wanted, present)

    def write(self, fates: Sequence[Fate], act: Act) -> None:
        created, changed = of_outcome(fates, Outcome.CREATE), of_outcome(fates, Outcome.CHANGE)
        usual = {"language": "de", "zone": self.zone, "is_staff": True}
        made = [
            Person(email=fate.row.values["email"], password=make_password(None), **(usual | _own(fate)))
            for fate in created
        ]
        Person.objects.bulk_create(made)
        for fate in changed:
            for name, value in _own(fate).items():
                setattr(fate.target, name, value)
        Person.objects.bulk_update([fate.target for fate in changed], list(OWN), batch_size=500)
        self._join_groups(list(zip([*created, *changed], [*made, *(fate.target for fate in changed)], strict=True)))

    def _join_groups(self, pairs: Sequence[tuple[Fate, Person]]) -> None:
        """All at once, so what tells the log of a single person's groups is not asked: it is told here."""
        groups = dict(Group.objects.filter(name__in=GROUPS.values()).values_list("name", "pk"))
        link = Person.groups.through
        joined = [(person, name) for fate, person in pairs for name in fate.wanted.get("groups", ())]
        links = [link(person_id=person.pk, group_id=groups[name]) for person, name in joined]
        link.objects.bulk_create(links, ignore_conflicts=True)
        note_all(kind=AuditEntry.Kind.PEOPLE, action=AuditEntry.Action.CHANGED, told=_joined(pairs))


def _own(fate: Fate) -> dict[str, Any]:
    return {name: fate.wanted[name] for name in OWN if name in fate.wanted}


def _joined(pairs: Iterable[tuple[Fate, Person]]) -> Iterator[tuple[Person, dict[str, list[Any]]]]:
    """Who comes into groups that they were not in, with their groups before and after."""
    for fate, person in pairs:
        before, after = sorted(fate.present.get("groups", ())), sorted(fate.wanted.get("groups", ()))
        if after and after != before:
            yield person, {"groups": [before, after]}
