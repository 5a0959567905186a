"""People and monitoring: they report, answer, pass on, resolve, change rosters; all at once and at bad moments."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, suppress
from datetime import timedelta

import psycopg2
import requests
from django.db import DatabaseError, InterfaceError, connection, transaction
from psycopg2.extras import DateTimeTZRange

from demo.phones.client import Phones, PhonesError
from matrix.models import MatrixVersion, Step
from matrix.services import copy_version, publish
from oncall.rotation import AbsenceKind, Line
from oncall.services import Overlaps, record_absence, record_override
from portal import clock
from portal.models import Person
from routing.incidents import services
from routing.incidents.models import OPEN_STATUSES, Incident, Status
from routing.incidents.services import ActionRefused
from routing.paging.models import ACTIVE, Escalation, Page

from .audit import MOVER
from .wire import Wire
from .world import Site, World

REPORTERS = 8
"""How many reports are under way at once; each waits for its answer."""
AWAY_SECONDS = 12
NEGLECTED = 0.12
"""The share of incidents that nobody ever answers, so that their chains end and alarm."""
SEVERITIES = ("critical", "critical", "critical", "warning", "info")
DEAD_AFTER_SECONDS = 12
"""No attempt to send takes that long: who claimed it is dead, and its lease may run out early."""
EXPIRE_DEAD = """
UPDATE routing_delivery SET leased_until = clock_timestamp()
WHERE (state = 'sending' AND sent_at < clock_timestamp() - make_interval(secs => %(dead)s)
       AND leased_until > clock_timestamp())
   OR (state = 'unknown' AND leased_until > clock_timestamp() + interval '10 seconds'
       AND leased_until < clock_timestamp() + make_interval(secs => 60 - %(dead)s))
"""
ENOUGH = 60
"""What is due, and what the phones have not reported on within seconds: more would only prove a slow machine slow."""
UNDONE = """
SELECT (SELECT count(*) FROM routing_delivery WHERE state = 'queued' AND next_attempt_at < clock_timestamp())
     + (SELECT count(*) FROM routing_escalation WHERE due_at < clock_timestamp())
     + (SELECT count(*) FROM routing_delivery WHERE state = 'accepted'
        AND sent_at > clock_timestamp() - interval '60 seconds' AND sent_at < clock_timestamp() - interval '8 seconds')
"""
MOVE = """
UPDATE routing_escalation
SET due_at = clock_timestamp() + make_interval(secs => %(within)s),
    step_due_at = clock_timestamp() + make_interval(secs => %(within)s)
WHERE id IN (
    SELECT id FROM routing_escalation
    WHERE state IN ('running', 'exhausted') AND due_at > clock_timestamp() + interval '3 seconds'
    ORDER BY random() LIMIT %(count)s
    FOR UPDATE SKIP LOCKED
)
"""


class Cast:
    """Everybody who acts, each by a method that does one thing; which one is drawn from `chance`."""

    def __init__(self, world: World, wire: Wire, phones: Phones, seed: int) -> None:
        self.world = world
        self.wire = wire
        self.phones = phones
        self.seed = seed
        self.done: Counter[str] = Counter()
        self.alerts: dict[str, Site] = {}
        """Every alert sent, by its fingerprint."""
        self.wait_with_more = threading.Event()
        """So much lies undone that the machine would only be proven slow."""

    # --- Reporting ---------------------------------------------------------------------------------------------

    def report_all(self, incidents: int, seconds: float) -> None:
        """Report `incidents` within `seconds`, a fifth of them by customers, the others in groups of alerts.

        Returns once everything has been answered, or nobody waits for an answer any more.
        """
        chance = random.Random(f"{self.seed} reports")
        began, made = time.monotonic(), 0
        with ThreadPoolExecutor(REPORTERS, "reporter") as pool:
            while made < incidents:
                if self.wait_with_more.is_set():
                    time.sleep(0.1)
                    continue
                if chance.random() < 0.2:
                    pool.submit(
                        self.wire.report, self.world.customer_token, self._report(chance, made), f"report-{made}"
                    )
                    made += 1
                else:
                    count = min(chance.choice([1, 1, 2, 3, 8]), incidents - made)
                    pool.submit(self._monitoring_reports, *self._alerts(chance, made, count))
                    made += count
                time.sleep(max(0.0, began + seconds * made / incidents - time.monotonic()))

    def _report(self, chance: random.Random, number: int) -> dict[str, object]:
        return {
            "project": chance.choice(self.world.sites).project.key,
            "priority": chance.choice(["blocker", "critical", "major", "minor"]),
            "title": f"Customer's report {number}",
            "description": "",
        }

    def _alerts(self, chance: random.Random, first: int, count: int) -> tuple[Site, list[dict[str, object]], int]:
        """A group of alerts for one project, and how often it is sent: monitoring repeats itself."""
        site = chance.choice(self.world.sites)
        alerts = [self._alert(f"alert-{first + place}", chance.choice(SEVERITIES)) for place in range(count)]
        return site, alerts, chance.choice([1, 1, 1, 1, 2])

    def _monitoring_reports(self, site: Site, alerts: list[dict[str, object]], times: int) -> None:
        self.alerts.update({str(alert["fingerprint"]): site for alert in alerts})
        for _time in range(times):
            self.wire.signal(site.token, alerts)

    def _alert(self, fingerprint: str, severity: str, status: str = "firing") -> dict[str, object]:
        labels = {"alertname": fingerprint, "severity": severity}
        return {"fingerprint": fingerprint, "status": status, "labels": labels}

    # --- Answering ---------------------------------------------------------------------------------------------

    def answer_until(self, stop: threading.Event, name: str, pause: float) -> None:
        """Take open incidents one after the other, those whose next page is nearest first, and do something."""
        chance = random.Random(f"{self.seed} {name}")
        deeds: list[Callable[[random.Random, Escalation], None]] = [
            *[self._writes_a_text] * 5,
            *[self._clicks] * 4,
            *[self._clicks_here] * 2,
            *[self._passes_on] * 2,
            self._is_assigned,
            *[self._monitoring_resolves] * 2,
        ]
        while not stop.wait(chance.uniform(0.3, 1.7) * pause):
            with unless_the_database_is_away():
                escalation = self._one_that_runs(chance)
                if escalation is not None:
                    chance.choice(deeds)(chance, escalation)
                if chance.random() < 0.25:
                    self._works_on(chance)

    def _is_neglected(self, incident_id: int) -> bool:
        return random.Random(f"{self.seed} {incident_id}").random() < NEGLECTED

    def _one_that_runs(self, chance: random.Random) -> Escalation | None:
        running = Escalation.objects.filter(state__in=ACTIVE).select_related("incident").order_by("due_at")
        found = [each for each in running[:40] if not self._is_neglected(each.incident_id)]
        # The nearest due time races the tick.
        return found[min(int(chance.expovariate(0.5)), len(found) - 1)] if found else None

    def _writes_a_text(self, chance: random.Random, escalation: Escalation) -> None:
        pages = list(escalation.pages.filter(state=Page.State.OPEN, person__isnull=False).select_related("person"))
        if not pages:
            return
        page = chance.choice(pages)
        assert page.person is not None
        body = chance.choice([f"1 {page.code}", f"1 {page.code}", f"2 {page.code}", "1", "what?"])
        with suppress(PhonesError, requests.ConnectionError):
            self.phones.send_sms(str(page.person.mobile), body, to="+496990009000")
            self.done["text"] += 1

    def _clicks(self, _chance: random.Random, escalation: Escalation) -> None:
        self.wire.act(self.world.api_token, escalation.incident_id, "acknowledge", {})
        self.done["click"] += 1

    def _clicks_here(self, _chance: random.Random, escalation: Escalation) -> None:
        """In this process, which nobody kills, and so closer to the tick than HTTP comes."""
        self._do(lambda: services.acknowledge(escalation.incident, by=self.world.desk, now=clock.now()), "acknowledge")

    def _passes_on(self, _chance: random.Random, escalation: Escalation) -> None:
        self.wire.act(self.world.api_token, escalation.incident_id, "pass-on", {})
        self.done["pass on"] += 1

    def _is_assigned(self, chance: random.Random, escalation: Escalation) -> None:
        assignee = chance.choice(self.world.people)
        self.wire.act(self.world.api_token, escalation.incident_id, "assign", {"assignee": assignee.email})
        self.done["assign"] += 1

    def _monitoring_resolves(self, chance: random.Random, escalation: Escalation) -> None:
        fingerprint = escalation.incident.dedup_key
        site = self.alerts.get(fingerprint)
        if site is None:
            return
        alerts = [self._alert(fingerprint, "critical", "resolved")]
        if chance.random() < 0.3:  # and breaks again at once
            alerts.append(self._alert(fingerprint, "critical"))
        self.wire.signal(site.token, alerts)
        self.done["resolve signal"] += 1

    def _works_on(self, chance: random.Random) -> None:
        incident = (
            Incident.objects.filter(status__in=[*OPEN_STATUSES, Status.RESOLVED])
            .exclude(status=Status.NEW)
            .order_by("?")
            .first()
        )
        if incident is None:
            return
        now = clock.now()
        desk = self.world.desk
        deeds: list[Callable[[], object]] = [
            lambda: services.pass_on(incident, by=desk, now=now),
            lambda: services.resolve(incident, by=desk, now=now, reason="restarted"),
            lambda: services.resolve(incident, by=desk, now=now, reason="restarted"),
            lambda: services.start(incident, by=desk, now=now),
            lambda: services.wait(incident, by=desk, now=now),
            lambda: services.reopen(incident, by=desk, now=now, reason="again"),
            lambda: services.close(incident, by=desk, now=now),
        ]
        self._do(chance.choice(deeds), "work")

    def _do(self, deed: Callable[[], object], name: str) -> None:
        try:
            deed()
        except ActionRefused:
            self.done[f"{name} refused"] += 1
        else:
            self.done[name] += 1

    # --- Administering -----------------------------------------------------------------------------------------

    def everybody_is_away(self) -> None:
        """All who are called, for some seconds: only the last resort is left."""
        now = clock.now()
        away = DateTimeTZRange(now, now + timedelta(seconds=AWAY_SECONDS))
        for person in Person.objects.filter(is_staff=True):
            record_absence(person, AbsenceKind.DAY, away, by=self.world.desk, now=now)

    def roster_changes(self, chance: random.Random) -> None:
        """Somebody else takes a primary's duty over, now, unless somebody has already."""
        now = clock.now()
        period = DateTimeTZRange(now, now + timedelta(days=1))
        rota = chance.choice(self.world.sites).rota
        with suppress(Overlaps):
            record_override(rota, Line.PRIMARY, self.world.stand_in, period, by=self.world.desk, now=now)

    def matrix_is_published(self, chance: random.Random) -> None:
        """A new version for one project, in which the second step follows after two minutes."""
        project = chance.choice(self.world.sites).project
        latest = MatrixVersion.objects.filter(matrix__project=project).order_by("-number")[0]
        draft = copy_version(latest, matrix=latest.matrix)
        Step.objects.filter(cell__version=draft, position=0).update(wait=2)
        publish(draft, by=self.world.desk, now=clock.now(), reason="slower", accept=True)


def move_until(stop: threading.Event, url: str, cast: Cast, chance: random.Random, *, count: int) -> None:
    """Bring `count` due times a second forward, so that minutes become seconds; and let leases of the dead run out."""
    while not stop.wait(1.0):
        with suppress(psycopg2.Error), closing(psycopg2.connect(url, application_name=MOVER)) as mover:
            expire_dead(mover)
            with mover, mover.cursor() as cursor:
                cursor.execute(UNDONE)
                (undone,) = cursor.fetchone() or (0,)
                if undone < ENOUGH:
                    cast.wait_with_more.clear()
                    cursor.execute(MOVE, {"within": chance.uniform(0.0, 2.0), "count": count})
                else:
                    cast.wait_with_more.set()


def expire_dead(mover: "psycopg2.extensions.connection") -> None:
    """Whoever claimed something so long ago does not live."""
    with mover, mover.cursor() as cursor:
        cursor.execute(EXPIRE_DEAD, {"dead": DEAD_AFTER_SECONDS})


def insist(deed: Callable[[], None]) -> None:
    """Do it in one transaction, again while the database is away."""
    done = False
    while not done:
        with unless_the_database_is_away(), transaction.atomic():
            deed()
            done = True


class unless_the_database_is_away(AbstractContextManager[None]):  # noqa: N801 -- reads as a sentence
    """What the database's absence undoes was never promised; the connection is made anew."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, DatabaseError | InterfaceError):
            return False
        connection.close()
        return True
