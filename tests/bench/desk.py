"""Staff at work among 100,000 incidents, 500 of them open: desk, incident page, search, a hundred desks."""

import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from portal import clock
from portal.models import Person
from routing.incidents.models import Incident, Status, TimelineEntry
from routing.models import Escalation, Page

from . import load
from .house import web
from .rows import Row
from .world import PROJECTS, BenchWorld, forget_incidents, open_escalations

if TYPE_CHECKING:
    from .parts import Bench

NEW = 50
"""Of the open ones, how many nobody has taken: their chains run."""
ENTRIES = 6
"""Lines in the timeline of each incident."""
WORDS = ("database", "payment", "certificate", "storage", "login", "backup", "mail", "network", "search", "report")
DESKS = 100


def desk(bench: "Bench") -> Iterator[Row]:
    """Queries and server time of what staff look at all day."""
    size, opened = bench.size(100_000, 5_000), bench.size(500, 100)
    forget_incidents()
    fill(bench.world, size, opened)
    person = Person.objects.get(email="desk@example.com")
    incident = Incident.objects.filter(status=Status.NEW).latest("pk")
    pages = {
        "desk": ("/desk/", "≤ 150"),
        "incident page": (f"/incidents/{incident.pk}/", "≤ 150"),
        "search on the desk": ("/desk/?q=certificate", "≤ 200"),
        "search of everything": ("/incidents/?status=all&q=certificate+7", "≤ 200"),
    }
    client = _signed_in(person)
    with override_settings(ALLOWED_HOSTS=["*"]):
        for name, (path, _aim) in pages.items():
            yield Row(
                f"{name}, {size} incidents: queries", "", [_queries(client, path)], "≤ 20" if "?" not in path else ""
            )
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    with web() as url:
        for name, (path, aim) in pages.items():
            request = load.page(f"{url}{path}", cookie)
            times = [_milliseconds(url, request, status=200) for _ in range(4 * bench.runs + 2)][2:]
            yield Row(f"{name}, {size} incidents", "ms", times, aim)
        yield from _unchanged(bench, url, cookie)


def _unchanged(bench: "Bench", url: str, cookie: str) -> Iterator[Row]:
    """A hundred desks that ask again while nothing changes."""
    asking = load.page(f"{url}/desk/", cookie, "HX-Request: true")
    tag = load.header_of(url, asking, "ETag")
    request = load.page(f"{url}/desk/", cookie, "HX-Request: true", f"If-None-Match: {tag}")
    yield Row("an unchanged desk", "ms", [_milliseconds(url, request, status=304) for _ in range(4 * bench.runs)])
    seconds = []
    for _run in range(bench.runs):
        began = time.perf_counter()
        load.send(url, [request] * DESKS, status=304)
        seconds.append((time.perf_counter() - began) * 1000)
    yield Row(f"{DESKS} unchanged desks ask at once", "ms", seconds, "≤ 5000")


def _signed_in(person: Person) -> Client:
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(person)
    return client


def _queries(client: Client, path: str) -> float:
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        if client.get(path).status_code != 200:
            raise load.UnexpectedAnswer(path)
    return len(captured)


def _milliseconds(url: str, request: bytes, *, status: int) -> float:
    began = time.perf_counter()
    load.send(url, [request], status=status, connections=1)
    return (time.perf_counter() - began) * 1000


# --- What there is to look at ---------------------------------------------------------------------------------


def fill(world: BenchWorld, size: int, opened: int) -> None:
    """`size` incidents with their timelines; `opened` of them are open, `NEW` of those with a chain that runs."""
    now = clock.now()
    staff = Person.objects.get(email="desk@example.com")
    customer = Person.objects.get(email="alice@alster.example")
    versions = {project.pk: project.matrix.versions.get().pk for project in world.projects}

    def incident(n: int) -> Incident:
        project = world.projects[n % PROJECTS]
        reported = now - timedelta(minutes=10 * (size - n))
        is_open = n >= size - (opened - NEW)
        return Incident(
            project=project,
            priority=("blocker", "critical", "major", "minor")[n % 4],
            status=Status.IN_PROGRESS if is_open else Status.CLOSED,
            title=f"The {WORDS[n % 10]} of {project.key} fails in case {n % 1000}",
            description=f"Since this morning the {WORDS[(n // 10) % 10]} answers slowly. Seen on host web-{n % 400}.",
            source="portal",
            reporter=customer,
            assignee=staff if n % 3 else None,
            matrix_version_id=versions[project.pk],
            reported_at=reported,
            created_at=reported,
            respond_by=reported + timedelta(hours=1),
            responded_at=reported + timedelta(minutes=n % 90),
            progress_due_at=now + timedelta(minutes=n % 600) if is_open else None,
        )

    for begin in range(0, size - NEW, 5000):
        made = Incident.objects.bulk_create([incident(n) for n in range(begin, min(begin + 5000, size - NEW))])
        TimelineEntry.objects.bulk_create(
            [entry for each in made for entry in _timeline(each, staff, customer)], batch_size=5000
        )
    open_escalations(world, [now + timedelta(minutes=5 + n % 25) for n in range(NEW)])
    _page_everybody(staff, now=now)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _timeline(incident: Incident, staff: Person, customer: Person) -> Iterator[TimelineEntry]:
    write = partial(TimelineEntry, incident=incident, at=incident.reported_at)
    yield write(kind="reported", actor=customer, public=True, data={"source": "portal", "priority": incident.priority})
    yield write(kind="acknowledged", actor=staff, public=True, data={"via": "portal"})
    for n in range(ENTRIES - 2):
        who = customer if n % 2 else staff
        text = f"The {WORDS[(incident.pk + n) % 10]} was looked at, part {n}."
        yield write(kind="note", actor=who, public=n != 0, data={"text": text})


def _page_everybody(staff: Person, *, now: object) -> None:
    """The first page of each running chain, and what its timeline says of it."""
    chains = Escalation.objects.filter(state=Escalation.State.RUNNING).select_related("incident")
    for chain in chains:
        link = {"role": "on_call_primary", "names": [staff.name], "reason": "on_duty", "channels": ["voice"]}
        TimelineEntry.objects.create(incident=chain.incident, at=now, kind="paged", data=link)
        Page.objects.create(
            escalation=chain,
            round=1,
            route="monitoring",
            step=0,
            role="on_call_primary",
            recipient=f"person:{staff.pk}",
            person=staff,
            name=staff.name,
            decision={},
            created_at=now,
        )
