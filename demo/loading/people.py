"""The provider's people, how each is paged, and who of the management hears of alarms."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from demo.personas import ROLES
from demo.provider import Provider
from matrix.terms import Channel
from portal.models import EscalationManager, Person
from portal.services import record
from routing.models import ContactMethod

from .hours import add_personal

PASSWORD = "direktdraht"  # noqa: S105 -- public: whoever sees the demo may be any of its personas
LANGUAGES = ("de", "en")


def add_people(provider: Provider, *, at: datetime) -> dict[str, Person]:
    """Everybody of the provider, by e-mail address."""
    groups = {group.name: group for group in Group.objects.all()}
    people: dict[str, Person] = {}
    for email, content in provider["people"].items():
        person = new_person(email, content, is_staff=True, mobile=content["mobile"], zone=provider["provider"]["zone"])
        if hours := content.get("working_hours"):
            place = provider["office_hours"]["holidays"]
            person.working_hours = add_personal(
                hours,
                slug=email.partition("@")[0],
                name=person.name,
                zone=person.zone,
                country=place["country"],
                place=place["subdivision"],
                at=at,
            )
        person.save()
        person.groups.set(groups[name] for name in content.get("groups", ()))
        people[email] = person
    ContactMethod.objects.bulk_create(method for person in people.values() for method in _methods(person, at))
    _add_managers(provider, people, at)
    return people


def new_person(email: str, content: dict[str, Any], **fields: Any) -> Person:
    """A person that is not saved yet: with a password if a persona, speaking German unless listed otherwise."""
    spoken = [language for language in content.get("languages", ()) if language in LANGUAGES]
    return Person(
        email=email,
        name=content["name"],
        function=content.get("function", ""),
        direct_line=content.get("direct") or content.get("phone") or "",
        language=spoken[0] if spoken else LANGUAGES[0],
        password=_personas_password() if email in ROLES else make_password(None),
        **fields,
    )


@lru_cache(maxsize=1)
def _personas_password() -> str:
    # One hash for all: the password is public, and each hash takes a third of a second.
    return make_password(PASSWORD)


def _methods(person: Person, at: datetime) -> list[ContactMethod]:
    mobile = str(person.mobile)
    addresses = {Channel.VOICE: mobile, Channel.SMS: mobile, Channel.EMAIL: person.email}
    return [
        ContactMethod(person=person, channel=channel, address=address, verified_at=at)
        for channel, address in addresses.items()
    ]


def _add_managers(provider: Provider, people: dict[str, Person], at: datetime) -> None:
    for email, content in provider["people"].items():
        if place := content.get("escalation_manager"):
            record(EscalationManager, by=None, now=at, person=people[email], order=place)
