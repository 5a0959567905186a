"""Whose phone is whose: the provider's people, teams and last resort, and the customers' contacts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

LANGUAGES = ("de", "en")
Texts = dict[str, str]  # language code to text

DESK = {"de": "Service Desk und Service Delivery", "en": "Service desk and service delivery"}
MANAGEMENT = {"de": "Leitung", "en": "Management"}
LAST_RESORT = {"de": "Letzte Instanz", "en": "Last resort"}
CUSTOMERS = {"de": "Kunden", "en": "Customers"}


@dataclass(frozen=True)
class Phone:
    """One device on the wall: a person's with their numbers, or a team's."""

    key: str
    name: str
    role: str
    numbers: tuple[str, ...]
    email: str = ""

    @property
    def initials(self) -> str:
        words = [word for word in self.name.split() if word[0].isalpha()]
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "#"


@dataclass(frozen=True)
class Group:
    title: Texts
    phones: tuple[Phone, ...]


@dataclass(frozen=True)
class Service:
    """A number of the provider that a phone can call."""

    number: str
    name: Texts


class Directory:
    def __init__(self, groups: tuple[Group, ...], services: tuple[Service, ...]) -> None:
        self.groups = groups
        self.services = services
        self._by_number = {number: phone for group in groups for phone in group.phones for number in phone.numbers}
        self._by_email = {phone.email: phone for group in groups for phone in group.phones if phone.email}
        self._service_names = {service.number: service.name for service in services}

    @classmethod
    def load(cls, path: Path) -> Self:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return cls(_groups(content), _services(content))

    def phone(self, number_or_email: str) -> Phone:
        """Its phone; one made up from the number where nobody owns it."""
        known = self._by_number.get(number_or_email) or self._by_email.get(number_or_email.lower())
        return known or Phone(number_or_email, number_or_email, "", (number_or_email,))

    def knows(self, number_or_email: str) -> bool:
        return number_or_email in self._by_number or number_or_email.lower() in self._by_email

    def name(self, number: str, language: str = "en") -> str:
        """Who answers there: a person, a team, a hotline; else the number itself."""
        service = self._service_names.get(number)
        return service[language] if service else self.phone(number).name


def _groups(content: dict[str, Any]) -> tuple[Group, ...]:
    people: dict[str, Any] = content.get("people", {})
    emails = {email.partition("@")[0]: email for email in people}
    teams: dict[str, Any] = dict(content.get("teams", {}))
    sections: list[tuple[Texts, list[Phone]]] = []
    placed: set[str] = set()

    def place(title: Texts, members: list[str], team_keys: list[str]) -> None:
        fresh = [email for email in members if email in people and email not in placed]
        placed.update(fresh)
        phones = [_person(email, people[email]) for email in fresh]
        phones += [_team(teams.pop(key)) for key in team_keys if key in teams]
        sections.append((title, phones))

    for rota in content.get("rotas", {}).values():
        members = [emails[key] for key in rota["primary"] if key in emails]
        place(rota["public_name"], members, [people[email].get("team", "") for email in members])
    management = [
        email for email in people if "security_officer" in people[email] or "escalation_manager" in people[email]
    ]
    place(DESK, [email for email in people if email not in management], list(teams))
    place(MANAGEMENT, management, [])
    last_resort = content["provider"].get("last_resort")
    if last_resort:
        phone = Phone(last_resort["phone"], last_resort["name"], "", (last_resort["phone"],))
        sections.append((LAST_RESORT, [phone]))
    sections.append((CUSTOMERS, _contacts(content)))
    return tuple(Group(title, tuple(phones)) for title, phones in sections if phones)


def _person(email: str, person: dict[str, Any]) -> Phone:
    numbers = tuple(person[kind] for kind in ("mobile", "direct") if person.get(kind))
    role = person.get("function") or person.get("speciality") or ""
    return Phone(numbers[0] if numbers else email, person["name"], role, numbers, email)


def _team(team: dict[str, Any]) -> Phone:
    return Phone(team["phone"], team["name"], "", (team["phone"],), team.get("email", ""))


def _contacts(content: dict[str, Any]) -> list[Phone]:
    phones: dict[str, Phone] = {}
    for customer in content.get("customers", {}).values():
        for email, contact in customer.get("contacts", {}).items():
            company = contact.get("company", customer["name"])
            phones.setdefault(email, Phone(contact["phone"], contact["name"], company, (contact["phone"],), email))
    return list(phones.values())


def _services(content: dict[str, Any]) -> tuple[Service, ...]:
    hotlines = [
        Service(project["hotline"], dict.fromkeys(LANGUAGES, f"Hotline {key}"))
        for customer in content.get("customers", {}).values()
        for key, project in customer.get("projects", {}).items()
        if project.get("hotline")
    ]
    duty = [
        Service(rota["duty_number"], rota["public_name"])
        for rota in content.get("rotas", {}).values()
        if rota.get("duty_number")
    ]
    switchboard = content["provider"].get("switchboard")
    central = [Service(switchboard, dict.fromkeys(LANGUAGES, content["provider"]["name"]))] if switchboard else []
    return (*hotlines, *duty, *central)
