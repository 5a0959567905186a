"""Posted signals open, join and resolve incidents."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from matrix.terms import Priority
from routing.incidents import services as incidents
from routing.incidents.models import Incident, Status
from routing.intake import services
from routing.intake.formats import Event
from routing.intake.models import IntakeKey, Signal
from routing.intake.severity import priority_of
from routing.paging.models import Escalation
from tests.people import World

from .posting import alert, group, make_key, post, rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def token(world: World) -> str:
    return make_key(world.webshop)[1]


def taken(answer: Any, accepted: int) -> list[Incident]:
    """The incidents of a 202."""
    assert answer.status_code == 202, answer.content
    body = answer.json()
    assert body["accepted"] == accepted
    assert all(isinstance(number, str) for number in body["incidents"])
    return [Incident.objects.get(pk=number) for number in body["incidents"]]


def test_an_alert_opens_an_incident_and_starts_its_chain(world: World, token: str) -> None:
    sent = alert("DiskFull", severity="warning", priority="blocker")
    before = timezone.now()
    [incident] = taken(post(token, group([sent]), "alertmanager"), 1)
    assert incident.project == world.webshop
    assert incident.priority == "blocker"
    assert incident.source == Incident.Source.MONITORING
    assert incident.title == "DiskFull on db1"
    assert "http://prometheus.example/graph" in incident.description
    assert incident.status == Status.NEW
    assert abs(incident.reported_at - before) < timedelta(minutes=1)
    assert incident.respond_by is not None
    assert incident.escalation.route == "monitoring"
    assert incident.escalation.due_at == incident.reported_at
    signal = incident.signals.get()
    assert (signal.state, signal.raw, signal.format) == (Signal.State.FIRING, sent, "alertmanager")
    assert [entry.actor_name for entry in incident.timeline.filter(kind="reported")] == ["Prometheus"]


def test_a_repeat_joins_and_is_kept_without_a_word_in_the_timeline(token: str) -> None:
    [first] = taken(post(token, group([alert("DiskFull")]), "alertmanager"), 1)
    told = first.timeline.count()
    [second] = taken(post(token, group([alert("DiskFull")]), "alertmanager"), 1)
    assert second == first
    assert first.signals.count() == 2
    assert first.timeline.count() == told
    assert Incident.objects.count() == 1


def test_an_acknowledged_incident_is_joined_and_stays_acknowledged(world: World, token: str) -> None:
    [incident] = taken(post(token, {"title": "Down", "dedup_key": "a"}), 1)
    incidents.acknowledge(incident, by=world.oncall, now=timezone.now())
    [joined] = taken(post(token, {"title": "Down", "dedup_key": "a"}), 1)
    assert joined == incident
    assert joined.status == Status.ACKNOWLEDGED


def test_a_resolve_resolves_and_stops_paging(token: str) -> None:
    [incident] = taken(post(token, {"title": "Down", "dedup_key": "a"}), 1)
    [resolved] = taken(post(token, {"status": "resolved", "dedup_key": "a"}), 1)
    assert resolved == incident
    assert resolved.status == Status.RESOLVED
    assert resolved.responded_at is None
    assert (resolved.escalation.state, resolved.escalation.due_at) == (Escalation.State.STOPPED, None)
    [entry] = resolved.timeline.filter(kind="resolved")
    assert entry.actor_name == "Prometheus"
    assert list(resolved.signals.values_list("state", flat=True)) == ["resolved", "firing"]


def test_after_its_resolution_the_same_alert_is_a_new_incident(token: str) -> None:
    [first] = taken(post(token, {"title": "Down", "dedup_key": "a"}), 1)
    taken(post(token, {"status": "resolved", "dedup_key": "a"}), 1)
    [second] = taken(post(token, {"title": "Down", "dedup_key": "a"}), 1)
    assert second != first
    assert second.status == Status.NEW


def test_a_resolve_without_a_match_is_accepted_and_kept(token: str) -> None:
    assert taken(post(token, {"status": "resolved", "dedup_key": "a"}), 1) == []
    assert Signal.objects.get().incident is None
    assert not Incident.objects.exists()


def test_events_of_one_key_count_in_their_order(token: str) -> None:
    [standing] = taken(post(token, {"title": "Down", "dedup_key": "a"}), 1)
    fire, end = {"title": "Down", "dedup_key": "a"}, {"status": "resolved", "dedup_key": "a"}
    first, second, third = taken(post(token, [fire, end, fire, end, end, fire, fire]), 7)
    assert first == standing
    assert [incident.status for incident in (first, second, third)] == ["resolved", "resolved", "new"]
    assert [signal.incident for signal in Signal.objects.order_by("pk")[1:]] == [
        first,
        first,
        second,
        second,
        None,
        third,
        third,
    ]


def test_events_without_a_dedup_key_are_incidents_of_their_own(token: str) -> None:
    assert len(taken(post(token, [{"title": "Down"}, {"title": "Down"}]), 2)) == 2


def test_the_same_dedup_key_from_another_key_is_another_incident(world: World, token: str) -> None:
    _, neighbour = make_key(world.kundenportal)
    [ours] = taken(post(token, {"title": "Down", "dedup_key": "a"}), 1)
    [theirs] = taken(post(neighbour, {"title": "Down", "dedup_key": "a"}), 1)
    assert theirs.project == world.kundenportal
    assert taken(post(neighbour, {"status": "resolved", "dedup_key": "a"}), 1) == [theirs]
    ours.refresh_from_db()
    assert ours.status == Status.NEW


def test_one_usable_event_is_enough_and_the_others_are_kept_refused(token: str) -> None:
    [incident] = taken(post(token, [None, {"title": "Down"}, {"title": []}]), 1)
    first, used, last = Signal.objects.order_by("pk")
    assert (first.state, last.state) == ("refused", "refused")
    assert (first.raw, last.raw) == (None, {"title": []})
    assert last.refused_why.startswith("2.title: ")
    assert used.incident == incident


def test_what_postgresql_cannot_hold_is_replaced(token: str) -> None:
    body = rb'{"title": "Dis\u0000k \ud800", "dedup_key": "\u0000", "description": "\udfff", "load": [NaN, 1e999]}'
    [incident] = taken(post(token, body), 1)
    assert incident.title == "Dis\ufffdk \ufffd"
    assert Signal.objects.get().raw["load"] == ["nan", "inf"]


@pytest.mark.parametrize("number", [1, 17])
def test_looking_up_a_batch_takes_the_same_queries_whatever_its_size(token: str, number: int) -> None:
    alerts = group(alert(f"Alert{i}") for i in range(40))
    taken(post(token, alerts, "alertmanager"), 40)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        taken_numbers = post(token, group(alerts["alerts"][:number]), "alertmanager").json()["incidents"]
    assert len(taken_numbers) == number
    assert len(queries) <= 14


def test_queries_grow_by_a_constant_per_new_incident(token: str) -> None:
    def cost(size: int) -> int:
        alerts = group(alert(f"Batch{size}-{i}") for i in range(size))
        with CaptureQueriesContext(connection) as queries:
            assert post(token, alerts, "alertmanager").status_code == 202
        return len(queries)

    cost(1)
    ten, twenty, thirty = cost(10), cost(20), cost(30)
    assert thirty - twenty == twenty - ten
    assert twenty - ten <= 10 * 8


@pytest.mark.parametrize(
    ("severity", "priority", "expected"),
    [
        ("page", "", "blocker"),
        ("Disaster", "", "blocker"),
        ("high", "", "critical"),
        ("unknown", "", "critical"),
        ("WARNING", "", "major"),
        ("info", "", "minor"),
        ("", "", "critical"),
        ("violet", "", "critical"),
        ("info", "Blocker", "blocker"),
        ("info", "P1", "minor"),
    ],
)
def test_the_priority_follows_from_the_severity(severity: str, priority: str, expected: str) -> None:
    event = Event("", firing=True, severity=severity, title="a", description="", raw={}, priority=priority)
    assert priority_of(event, IntakeKey()) == expected


def test_a_keys_own_map_goes_before_and_its_default_last() -> None:
    own: Any = {"Info": "blocker", "p3": "major", "broken": "urgent", "odd": ["minor"]}
    key = IntakeKey(severity_map=own, default_priority=Priority.MINOR)

    def of(severity: str) -> str:
        return priority_of(Event("", firing=True, severity=severity, title="a", description="", raw={}), key)

    assert [of(s) for s in ("iNFO", "P3", "critical", "broken", "odd", "")] == [
        "blocker",
        "major",
        "critical",
        "minor",
        "minor",
        "minor",
    ]


def test_a_map_that_is_none_costs_no_alarm(world: World) -> None:
    _, token = make_key(world.webshop, severity_map=["critical"])
    [incident] = taken(post(token, {"title": "Down", "severity": "page"}), 1)
    assert incident.priority == "blocker"


def test_rows_are_counted_by_the_helper_of_these_tests(token: str) -> None:
    before = rows()
    post(token, {"title": "Down"})
    assert all(after > number for number, after in zip(before, rows(), strict=True))


def test_a_long_request_is_taken_in_by_and_by(world: World, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one batch has begun the next goes on with, and a number is told once."""
    monkeypatch.setattr(services, "BATCH", 2)
    names = ["A", "B", "C", "A", "D"]
    sent = [alert(name) for name in names] + [alert("A", status="resolved"), alert("B")]
    incidents = taken(post(token, group(sent), "alertmanager"), 7)
    assert [incident.title for incident in incidents] == [f"{name} on db1" for name in "ABCD"]
    assert [incident.status for incident in incidents] == ["resolved", "new", "new", "new"]
    assert Signal.objects.count() == 7


def test_what_breaks_off_is_joined_when_it_is_sent_again(
    world: World, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "BATCH", 2)
    sent = group([alert(name) for name in "ABCD"])
    batches = iter([None, RuntimeError("killed")])

    def break_off(name: str) -> None:
        if error := next(batches, None):
            raise error

    monkeypatch.setattr(services, "kill_point", break_off)
    with pytest.raises(RuntimeError):
        post(token, sent, "alertmanager")
    assert Incident.objects.count() == 2
    incidents = taken(post(token, sent, "alertmanager"), 4)
    assert len(incidents) == Incident.objects.count() == 4
