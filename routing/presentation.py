"""What a reader may see of a person: the one gate for personal data.

Customers read published numbers alone and, on on-call links, the rota's public name instead of the person's. The
provider's people read names. A private number is in no decision, so nothing here could show one.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from matrix import labels
from matrix.terms import Role
from oncall.models import Override, Rota, RotationMember
from portal.access import may_work
from portal.models import ON_CALL, Contact, Person

from .decision import Callee, Decision, DutyFacts, Link, PassedOver, PersonFacts, Reason, TeamFacts
from .incidents.models import Incident, TimelineEntry
from .wording import reason_text, warning_text

Json = dict[str, Any]


def link_record(link: Link, callee: Callee) -> Json:
    """The link as it is stored with a page: which step named whom, and why. Holds no private number."""
    return {
        "role": link.role,
        "route": link.route,
        "step": link.step,
        "at": link.at.isoformat(),
        "name": callee.name,
        "phone": callee.phone,
        "reason": link.reason,
        "timing": link.timing,
    }


def present(decision: Decision, *, reader: Person, language: str | None = None) -> Json:
    """The decision as the HTTP contract shapes it, in the reader's zone and language, limited to what they may see."""
    eye = _Eye(reader, language or get_language() or reader.language)
    return {
        "project": decision.project,
        "priority": decision.priority,
        "source": decision.source,
        "at": eye.instant(decision.at),
        "window": decision.window,
        "window_until": eye.instant(decision.window_until),
        "route": decision.route,
        "valid_until": eye.instant(decision.valid_until),
        "respond_by": eye.instant(decision.respond_by),
        "matrix_version": decision.matrix_version,
        "deferred_until": eye.instant(decision.deferred_until),
        "chain": [eye.link(position, link) for position, link in enumerate(decision.chain, start=1)],
        "passed_over": [eye.passed_over(passed) for passed in decision.passed_over],
        "warnings": [] if not reader.is_staff else [_coded(w, warning_text(w)) for w in decision.warnings],
    }


def callee_for(callee: Callee, *, reader: Person, language: str | None = None) -> Json:
    """Somebody a chain may call as `reader` may see them: name and published number, as `present` shows them."""
    return _Eye(reader, language or get_language() or reader.language).callee(callee)


def _coded(code: str, text: str) -> Json:
    return {"code": str(code), "text": text}


def _reason(reason: Reason | None) -> Json | None:
    return _coded(reason, reason_text(reason)) if reason else None


class _Eye:
    """One reader: their rights, zone and language."""

    def __init__(self, reader: Person, language: str) -> None:
        self.staff = reader.is_staff
        self.zone = ZoneInfo(reader.zone)
        self.language = language.split("-", maxsplit=1)[0]

    def instant(self, at: datetime | None) -> str | None:
        return at.astimezone(self.zone).isoformat() if at else None

    def public(self, names: Mapping[str, str]) -> str:
        return names.get(self.language) or next(iter(names.values()), "")

    def callee(self, callee: Callee) -> Json:
        name = callee.name if self.staff or not callee.public_name else self.public(callee.public_name)
        shown: Json = {"name": name, "phone": callee.phone}
        if self.staff:
            shown |= {"kind": callee.kind, "id": callee.id, "public_name": self.public(callee.public_name)}
        return shown

    def link(self, position: int, link: Link) -> Json:
        return {
            "position": position,
            "role": link.role,
            "role_label": str(labels.ROLE[link.role]),
            "route": link.route,
            "after_minutes": link.after_minutes,
            "starts_at": self.instant(link.at),
            "channels": list(link.channels),
            "people": [self.callee(callee) for callee in link.people],
            "reason": _reason(link.reason),
            "timing": _reason(link.timing),
            "ring_seconds": link.ring_seconds,
            "informs": link.informs,
        }

    def passed_over(self, passed: PassedOver) -> Json:
        named = self.staff or passed.role in PUBLIC_ROLES
        return {
            "role": passed.role,
            "role_label": str(labels.ROLE[passed.role]),
            "name": passed.name if named else self.public(passed.public_name),
            "reason": _reason(passed.reason),
            "until": self.instant(passed.until),
        }


PUBLIC_ROLES = frozenset({Role.SDM, Role.BRM, Role.SERVICE_DESK, Role.PROJECT_TEAM, Role.ESCALATION_MANAGER})
"""Roles whose people customers know by name."""


def person_for(person: Person | None, reader: Person) -> Json | None:
    """A person as `reader` may see them; an on-call engineer is none of the customer's names."""
    if person is None:
        return None
    if reader.is_staff or not person.is_staff:
        return {"name": person.name, "email": person.email}
    return {"name": _("on-call engineer") if _on_call(person, reader) else person.name}


def owner_for(incident: Incident, reader: Person) -> Json | None:
    """Who has an incident as `reader` may see them: a person, or a team by its published name."""
    if incident.team is not None:
        return {"name": incident.team.name}
    return person_for(incident.assignee, reader)


def _on_call(person: Person, reader: Person) -> bool:
    """Whether `person` does, or ever did, on-call duty; read once for each reader, so a page asks once."""
    known: set[int] | None = vars(reader).get("_on_call_people")
    if known is None:
        places = RotationMember.objects.order_by().values_list("person", flat=True)
        known = set(places.union(Override.objects.order_by().values_list("person", flat=True)))
        vars(reader)["_on_call_people"] = known
    return person.holds(ON_CALL) or person.pk in known


def actor_for(entry: TimelineEntry, reader: Person) -> str:
    """Who did what a timeline entry tells, as `reader` may see them."""
    if entry.actor is None:
        return entry.actor_name if reader.is_staff else _actor_in_public(entry)
    shown = person_for(entry.actor, reader)
    return shown["name"] if shown else ""


def _actor_in_public(entry: TimelineEntry) -> str:
    """What is no person, without its internal name: a monitoring system's, or the last resort's."""
    if not entry.actor_name:
        return ""
    return _("our on-call service") if entry.kind in ("acknowledged", "passed_on") else _("our monitoring")


def rota_for(rota: Rota, reader: Person, *, holder: Person | None) -> Json | None:
    """Who is on duty as `reader` may see it: the person, or the rota's public name and duty number."""
    if holder is None:
        return None
    number = str(rota.duty_number or "")
    if reader.is_staff:
        return {"name": holder.name, "email": holder.email, "phone": number}
    public = {"de": rota.public_name_de, "en": rota.public_name_en}
    return {"name": public.get((get_language() or "en").split("-")[0]) or rota.public_name_en, "phone": number}


def private_number_for(person: Person, reader: Person) -> str:
    """A colleague's private number, for those who work; whoever shows it writes down who asked (see `portal.audit`)."""
    return str(person.mobile or "") if may_work(reader) and person.is_staff else ""


# --- The project's contacts -----------------------------------------------------------------------------------


def assignee_for(person: PersonFacts) -> Json:
    """An SDM or BRM: their name and published number are everybody's, their address is not."""
    return {"name": person.name, "phone": person.direct_line, "email": ""}


def team_for(team: TeamFacts) -> Json:
    """A team as it is published; its members are nobody's but the provider's."""
    return {"name": team.name, "phone": team.phone, "email": team.email}


def duty_for(duty: DutyFacts, *, language: str) -> Json:
    """An on-call service by its public name and number, for every reader: a contact list is no roster."""
    return {
        "name": duty.public_name.get(language.split("-", maxsplit=1)[0]) or next(iter(duty.public_name.values()), ""),
        "phone": duty.duty_number,
        "email": "",
    }


def contact_for(contact: Contact) -> Json:
    """A customer's contact, for their colleagues and for the provider."""
    person = contact.person
    return {"name": person.name, "company": contact.company, "phone": str(person.direct_line or "")}


def call_back_numbers_for(contact: Contact, reader: Person) -> list[str]:
    """Where the provider's people call somebody back, in the order in which to try; nobody else learns it here."""
    if not reader.is_staff:
        return []
    return list(contact.phones) or [str(number) for number in [contact.person.direct_line] if number]
