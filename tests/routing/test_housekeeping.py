"""The work of the day: done once, by one of many."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

import routing
from portal import clock
from portal.models import AuditEntry
from routing.housekeeping import is_due, keep_house
from routing.incidents.models import IdempotencyKey, Incident, Status
from routing.incidents.services import acknowledge, reopen, resolve
from routing.intake.models import Signal
from routing.intake.services import create_intake_key
from routing.paging.alarms import raise_alarm
from routing.paging.models import Alarm, PeriodicJob
from routing.wording import ALARMS, alarm_text
from tests.people import SUNDAY_NIGHT, World, make_world
from tests.routing.paging.chains import alert, kinds
from tests.routing.paging.test_races import at_once

pytestmark = pytest.mark.django_db

T = SUNDAY_NIGHT
DAY = timedelta(days=1)


def test_once_a_day(world: World) -> None:
    assert is_due(T)
    assert keep_house(now=T)
    assert not is_due(T)
    assert not keep_house(now=T)
    assert is_due(T + DAY)


def test_what_was_resolved_long_ago_is_closed(world: World) -> None:
    old, young, reopened, taken = (alert(world) for _number in range(4))
    for incident in (old, reopened):
        resolve(incident, by=world.desk, now=T, reason="done")
    resolve(young, by=world.desk, now=T + DAY, reason="done")
    reopen(reopened, by=world.desk, now=T + 2 * DAY)
    acknowledge(taken, by=world.desk, now=T)
    keep_house(now=T + 14 * DAY + timedelta(seconds=1))
    statuses = {pk: Incident.objects.get(pk=pk).status for pk in (old.pk, young.pk, reopened.pk, taken.pk)}
    assert list(statuses.values()) == [Status.CLOSED, Status.RESOLVED, Status.NEW, Status.ACKNOWLEDGED]
    assert kinds(old)[-1] == "closed"


def test_old_keys_and_signals_go(world: World) -> None:
    over, still_open = alert(world), alert(world)
    resolve(over, by=world.desk, now=T, reason="done")
    key, _token = create_intake_key(project=world.webshop, name="Prometheus", by=None, now=T)
    for incident in (over, still_open, None):
        for at in (T, T + 50 * DAY):
            Signal.objects.create(key=key, format="generic", state="firing", raw={}, incident=incident, received_at=at)
    for number, at in enumerate((T, T + 90 * DAY)):
        IdempotencyKey.objects.create(person=world.desk, key=str(number), fingerprint="", incident=over, created_at=at)
    keep_house(now=T + 91 * DAY)
    left = Signal.objects.order_by("pk").values_list("incident", "received_at")
    assert list(left) == [
        (over.pk, T + 50 * DAY),
        (still_open.pk, T),
        (still_open.pk, T + 50 * DAY),
        (None, T + 50 * DAY),
    ]
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["1"]


def test_old_claims_go(world: World) -> None:
    keep_house(now=T)
    keep_house(now=T + 40 * DAY)
    assert PeriodicJob.objects.count() == 1


def test_sign_ins_are_forgotten_before_changes(world: World) -> None:
    AuditEntry.objects.all().delete()
    for kind, days in (("sign_ins", 91), ("sign_ins", 89), ("people", 91), ("people", 1096)):
        AuditEntry.objects.create(kind=kind, action="changed", name=f"{kind} {days}", at=T - days * DAY)
    keep_house(now=T)
    assert set(AuditEntry.objects.values_list("name", flat=True)) == {"sign_ins 89", "people 91"}


@pytest.mark.django_db(transaction=True)
def test_many_at_once_do_it_once() -> None:
    world = make_world()
    incidents = [alert(world) for _number in range(5)]
    for incident in incidents:
        resolve(incident, by=world.desk, now=T, reason="done")

    def work() -> bool:
        return keep_house(now=T + 20 * DAY)

    assert sorted(map(bool, at_once(*[work] * 4))) == [False, False, False, True]
    for incident in incidents:
        assert kinds(incident).count("closed") == 1


def test_the_question_whether_it_is_due_is_cheap(world: World) -> None:
    keep_house(now=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT 1 FROM routing_periodicjob WHERE job = 'daily' AND period = '2026-11-29'")
        assert "Index" in str(cursor.fetchall())


# --- What alarms say -------------------------------------------------------------------------------------------


def test_every_alarm_has_words() -> None:
    sources = Path(routing.__file__).parent.rglob("*.py")
    raised = {
        kind for path in sources for kind in re.findall(r'(?:raise_alarm|ledger\.alarm)\(\s*"(\w+)"', path.read_text())
    }
    assert {"chain_exhausted", "tick_late", "intake_rate"} <= raised
    assert raised | {"number_failed", "delivery_failed", "coverage_gap"} == set(ALARMS)


def test_the_words_of_an_alarm() -> None:
    data = {"name": "Marek Nightly", "channel": "voice", "error": "busy"}
    raise_alarm("delivery_failed", "person:1:voice", now=T, **data)
    alarm = Alarm.objects.get()
    assert alarm_text(alarm.kind, alarm.data) == "A message to Marek Nightly did not arrive (call): busy"
    # What an older version left out is no error.
    assert alarm_text("delivery_failed", {})
    assert alarm_text("unheard-of", data) == "unheard-of"
    assert all(alarm_text(kind, {}) for kind in ALARMS)
