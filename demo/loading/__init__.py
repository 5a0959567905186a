"""Loads the fictional provider: everything at the first run, nothing that exists at later ones."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Min
from django.db.models.functions import Lower

from demo.provider import Provider
from portal.hours import local_instant
from portal.models import Installation, Person, Project, WeeklyOpening

from .customers import House, add_customers
from .history import add_history
from .hours import OFFICE, add_office
from .intake import add_keys
from .maintenance import announce_maintenance
from .matrices import add_matrices
from .people import add_people
from .rotas import add_rotas
from .stories import tell_stories
from .teams import add_teams
from .topics import add_topics

HISTORY = timedelta(days=120)
"""How long before the first load the provider has been known, so that questions about the past have answers."""
OPENED = time(8)
ADMINISTRATOR = "admin@nordhafen.example"


@dataclass(frozen=True)
class Loaded:
    """`tokens`: project key → intake token. `fresh`: this was the first run."""

    fresh: bool
    installed_at: datetime
    tokens: dict[str, str]


@transaction.atomic
def load(provider: Provider, *, now: datetime, tokens_file: Path) -> Loaded:
    """Load the provider unless it has been loaded; whatever people changed since is left alone."""
    before = _installed_at()
    at = before or _day_of_installation(provider, now)
    if before is None:
        _load_all(provider, at=at, now=now)
    projects = _projects(provider)
    by = Person.objects.get_by_natural_key(ADMINISTRATOR)
    tokens = add_keys(provider, projects=projects, by=by, at=now if before else at, tokens_file=tokens_file)
    return Loaded(fresh=before is None, installed_at=at, tokens=tokens)


def _installed_at() -> datetime | None:
    """Since when the provider's office hours have been recorded; None before the first load."""
    first: datetime | None = WeeklyOpening.objects.filter(hours__slug=OFFICE).aggregate(at=Min(Lower("recorded")))["at"]
    return first


def _day_of_installation(provider: Provider, now: datetime) -> datetime:
    zone = provider["provider"]["zone"]
    return local_instant(zone, (now - HISTORY).astimezone(ZoneInfo(zone)).date(), OPENED)


def _projects(provider: Provider) -> dict[str, Project]:
    keys = [key for customer in provider["customers"].values() for key in customer["projects"]]
    return {project.key: project for project in Project.objects.filter(key__in=keys)}


def _load_all(provider: Provider, *, at: datetime, now: datetime) -> None:
    _add_installation(provider)
    office = add_office(provider, years=range(at.year, now.year + 3), at=at)
    people = add_people(provider, at=at)
    house = House(people, add_teams(provider, people=people, office=office, at=at), office)
    projects = add_customers(provider, house, at=at)
    add_topics(provider)
    add_matrices(provider, projects=projects, by=people[ADMINISTRATOR], at=at)
    add_rotas(provider, people=people, projects=projects, at=at, now=now)
    add_history(now=now)
    tell_stories(now=now)
    announce_maintenance(provider, projects=projects, by=people[ADMINISTRATOR], now=now)


def _add_installation(provider: Provider) -> None:
    content = provider["provider"]
    Installation.objects.get_or_create(
        defaults={
            "name": content["name"],
            "zone": content["zone"],
            "switchboard": content["switchboard"],
            "answer_margin": content["answer_margin"],
            "last_resort_name": content["last_resort"]["name"],
            "last_resort_phone": content["last_resort"]["phone"],
        }
    )
