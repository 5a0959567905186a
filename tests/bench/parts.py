"""The measurements. Each yields rows as it goes; a row holds the figures of several runs."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from functools import cached_property
from itertools import count
from statistics import quantiles
from uuid import uuid4

from django.db import connection
from django.test.utils import CaptureQueriesContext

from oncall import rotation
from oncall.rotation import Line, RotaFacts, RotationRule, shifts
from portal import clock
from routing.coverage.queries import coverage, covered_projects
from routing.decide import decide
from routing.decision import Source
from routing.gather import gather
from routing.models import Delivery, Page
from routing.paging import escalating
from routing.paging.models import Pulse

from . import desk, floor, load
from .house import wait_until, web, whole_house
from .rows import Row
from .world import PROJECTS, BenchWorld, fill_projects, forget_incidents, make_bench_world, open_escalations


@dataclass
class Bench:
    """What the parts share: sizes, and the world once it is needed."""

    quick: bool
    runs: int

    @cached_property
    def world(self) -> BenchWorld:
        return make_bench_world()

    def size(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    def repeated(self, measure: Callable[[], float]) -> list[float]:
        return [measure() for _ in range(self.runs)]


# --- Intake ---------------------------------------------------------------------------------------------------


def intake(bench: Bench) -> Iterator[Row]:
    """Events per second, each in a request of its own, against a committed INSERT per request on the same server."""
    size = bench.size(2000, 300)
    forget_incidents()
    with connection.cursor() as cursor:
        cursor.execute(floor.TABLE)
    floors, framework, news, joins = [], [], [], []
    # In turns, so that a busy moment of the machine falls on all alike. What was new joins when it is sent again.
    with (
        web("tests.bench.floor:application") as bare,
        web("tests.bench.django_floor:application") as view,
        web() as portal,
    ):
        turns = ((floors, bare), (framework, view), (news, portal), (joins, portal))
        for run in range(bench.runs + 1):
            requests = list(_alerts(bench.world, portal, size))
            for figures, url in turns:
                figure = load.per_second(url, requests, status=202)
                if run:  # the first warms up
                    figures.append(figure)
    yield Row("floor: one INSERT per request", "1/s", floors)
    yield Row("the same as a view of Django", "1/s", framework)
    yield Row("intake, a new incident each", "1/s", news)
    yield Row("intake, all join open incidents", "1/s", joins)
    yield Row("new incident against the floor", "ratio", _ratios(news, floors), "≥ 0.35")
    yield Row("joining against the floor", "ratio", _ratios(joins, floors), "≥ 0.5")
    yield Row("new incident against the view", "ratio", _ratios(news, framework))
    yield Row("joining against the view", "ratio", _ratios(joins, framework))


def _alerts(world: BenchWorld, url: str, size: int) -> Iterator[bytes]:
    for n in range(size):
        token = world.tokens[n % PROJECTS]
        yield load.post(f"{url}/intake/{token}/alertmanager/", {"alerts": [_alert(n)]})


def _alert(n: int) -> dict[str, object]:
    return {
        "status": "firing",
        "labels": {"alertname": "HostDown", "instance": f"web-{n}.example.com:9100", "severity": "critical"},
        "annotations": {"summary": f"web-{n} does not answer", "description": "No scrape for five minutes."},
        "startsAt": "2026-11-24T10:00:00Z",
        "generatorURL": "https://prometheus.example.com/graph",
        "fingerprint": uuid4().hex[:16],
    }


def _ratios(figures: list[float], floors: list[float]) -> list[float]:
    return [figure / floor for figure, floor in zip(figures, floors, strict=True)]


# --- The whole house --------------------------------------------------------------------------------------------


def storm(bench: Bench) -> Iterator[Row]:
    """Distinct alerts for fifty people, posted at once in one request per key, until everything due was handed over."""
    per_key = bench.size(20, 4)
    paged, handed = [], []
    with whole_house() as (url, phones):
        for _run in range(bench.runs):
            phones.reset()
            forget_incidents()
            wait_until(_ticks)
            requests = [
                load.post(f"{url}/intake/{token}/alertmanager/", {"alerts": [_alert(n) for n in range(per_key)]})
                for token in bench.world.tokens
            ]
            began = time.perf_counter()
            load.send(url, requests, status=202, connections=PROJECTS)
            wait_until(lambda: Page.objects.count() == PROJECTS * per_key, seconds=300)
            paged.append(time.perf_counter() - began)
            wait_until(_handed_over, seconds=600)
            handed.append(time.perf_counter() - began)
    yield Row(f"storm of {PROJECTS * per_key} alerts: all paged", "s", paged)
    yield Row(f"storm of {PROJECTS * per_key} alerts: messages handed over", "s", handed, "≤ 5")


def _ticks() -> bool:
    return Pulse.objects.filter(name="tick", at__gt=clock.now() - timedelta(seconds=1)).exists()


def _handed_over() -> bool:
    due = Delivery.objects.filter(state=Delivery.State.QUEUED, next_attempt_at__lte=clock.now())
    return not due.exists() and not Delivery.objects.filter(state=Delivery.State.SENDING).exists()


def lateness(bench: Bench) -> Iterator[Row]:
    """How late the page of a due step is committed, while 50 a second fall due among 10,000 open escalations."""
    seconds, open_chains = bench.size(120, 20), bench.size(10_000, 2_000)
    late: list[float] = []
    with whole_house():
        forget_incidents()
        wait_until(_ticks)
        begins = clock.now() + timedelta(seconds=bench.size(15, 5))
        falling_due = [begins + timedelta(seconds=n / 50) for n in range(50 * seconds)]
        later = [begins + timedelta(days=1, seconds=n) for n in range(open_chains - len(falling_due))]
        open_escalations(bench.world, falling_due + later)
        wait_until(lambda: Page.objects.count() >= len(falling_due), seconds=seconds + 300)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT extract(epoch FROM bench_page.at - (i.respond_by - interval '30 minutes'))"
                " FROM bench_page JOIN routing_page p ON p.id = page_id JOIN routing_escalation e"
                " ON e.id = p.escalation_id JOIN routing_incident i ON i.id = e.incident_id"
            )
            late = [float(row[0]) for row in cursor.fetchall()]
    centiles = quantiles(late, n=100)
    name = f"lateness of a page, {open_chains} open, 50/s due for {seconds} s"
    yield Row(f"{name}: p50", "s", [centiles[49]])
    yield Row(f"{name}: p99", "s", [centiles[98]], "≤ 2")
    yield Row(f"{name}: max", "s", [max(late)])


def backlog(bench: Bench) -> Iterator[Row]:
    """Escalations advanced per second by one worker that finds many due."""
    size = bench.size(10_000, 1_000)

    def measure() -> float:
        forget_incidents()
        now = clock.now()
        open_escalations(bench.world, [now - timedelta(milliseconds=n) for n in range(size)])
        began = time.perf_counter()
        while escalating.advance_due(now=clock.now()):
            pass
        took = time.perf_counter() - began
        if Page.objects.count() != size:
            raise load.UnexpectedAnswer("not everybody was paged")
        return size / took

    yield Row(f"escalations from a backlog of {size}, one worker", "1/s", bench.repeated(measure), "≥ 1000")


# --- Decisions ------------------------------------------------------------------------------------------------


def decisions(bench: Bench) -> Iterator[Row]:
    """Whom do I call, through the API and pure; who is on call through the API."""
    size = bench.size(2000, 300)
    contacts, duty = [], []
    with web() as url:
        keys = [project.key for project in bench.world.projects]
        whom = [
            load.get(f"{url}/api/v1/projects/{keys[n % PROJECTS]}/contacts/?priority=blocker", bench.world.token)
            for n in range(size)
        ]
        who = [load.get(f"{url}/api/v1/rotas/rota-{n % PROJECTS}/on-call/", bench.world.token) for n in range(size)]
        for run in range(bench.runs + 1):
            for figures, requests in ((contacts, whom), (duty, who)):
                figure = load.per_second(url, requests, status=200)
                if run:
                    figures.append(figure)
    yield Row("decisions through the API", "1/s", contacts, "≥ 400")
    yield Row("who is on call through the API", "1/s", duty, "≥ 800")
    yield from pure(bench)


def pure(bench: Bench) -> Iterator[Row]:
    """One decision from facts in hand, at instants of four weeks that were not asked about before."""
    now = clock.now()
    known = gather(bench.world.projects[:1], at=now, known_at=now)[bench.world.projects[0].pk]
    everything = [
        known.facts(priority=priority, source=source)
        for priority in ("blocker", "critical", "major", "minor")
        for source in Source
    ]
    size = bench.size(4000, 800)
    minutes = count()

    def measure() -> float:
        questions = [
            (everything[n % len(everything)], now + timedelta(minutes=10 * (next(minutes) % 4000), seconds=n % 60))
            for n in range(size)
        ]
        began = time.perf_counter()
        for facts, at in questions:
            decide(facts, at)
        return (time.perf_counter() - began) / size * 1_000_000

    measure()
    yield Row("decide, pure", "µs", bench.repeated(measure), "≤ 100")


def rotas(bench: Bench) -> Iterator[Row]:
    """A year of a hundred rotas expanded into shifts, from cold caches."""
    begins = datetime(2027, 1, 1, tzinfo=UTC)
    facts = [_rota(n) for n in range(100)]

    def measure() -> float:
        rotation._block.cache_clear()
        began = time.perf_counter()
        for each in facts:
            if len(shifts(each, begins, begins + timedelta(days=365))) < 52:
                raise load.UnexpectedAnswer("a year has 52 weeks")
        return time.perf_counter() - began

    yield Row("a year of 100 rotas expanded", "s", bench.repeated(measure), "≤ 0.3")


def _rota(n: int) -> RotaFacts:
    since = datetime.combine(date(2026, 1, 1), time_of_day(), tzinfo=UTC)
    members = tuple(range(6 * n, 6 * n + 6))
    rules = (
        RotationRule(Line.PRIMARY, members, 2, time_of_day(10), 7, since, None),
        RotationRule(Line.BACKUP, members[3:] + members[:3], 2, time_of_day(10), 7, since, None),
    )
    return RotaFacts("Europe/Berlin", rules, (), ())


def weeks_ahead(bench: Bench) -> Iterator[Row]:
    """The coverage of 200 projects for eight weeks, each with a rota and an SDM of its own, from cold caches."""
    size = bench.size(200, 60)
    fill_projects(bench.world, size)
    projects = covered_projects()[:size]
    found = [0.0]

    def measure() -> float:
        rotation._block.cache_clear()
        began = time.perf_counter()
        found[0] = len(coverage(projects, now=clock.now()).findings)
        return time.perf_counter() - began

    name = f"coverage of {len(projects)} projects, eight weeks"
    yield Row(name, "s", bench.repeated(measure), "≤ 2")
    with CaptureQueriesContext(connection) as captured:
        measure()
    yield Row(f"{name}: queries", "", [len(captured)], "≤ 25")
    yield Row(f"{name}: findings", "", found)


PARTS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "intake": intake,
    "storm": storm,
    "lateness": lateness,
    "backlog": backlog,
    "decisions": decisions,
    "rotas": rotas,
    "desk": desk.desk,
    "coverage": weeks_ahead,
}
