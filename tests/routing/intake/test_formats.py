"""What each monitoring format is understood as."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.intake.formats import FORMATS, Event, PayloadError, Refused

ALERT: dict[str, Any] = {
    "status": "firing",
    "labels": {"alertname": "ProbeFailure", "instance": "https://shop.example", "job": "http", "severity": "critical"},
    "annotations": {"summary": "Shop is down", "description": "Down for over 5 minutes."},
    "startsAt": "2026-11-29T02:00:00.828Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://prometheus.example:9090/graph?g0.expr=probe_success",
    "fingerprint": "1a30ba71cca2921f",
}


def group(*alerts: object, **members: object) -> dict[str, Any]:
    """A payload as Alertmanager posts it."""
    return {
        "version": "4",
        "groupKey": '{}/{severity="critical"}:{alertname="ProbeFailure"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "direktdraht",
        "groupLabels": {"alertname": "ProbeFailure"},
        "commonLabels": {"alertname": "ProbeFailure"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example:9093",
        "alerts": list(alerts),
        **members,
    }


def one(format_name: str, payload: object) -> Event:
    [event] = FORMATS[format_name](payload)
    assert isinstance(event, Event)
    return event


def refusal(format_name: str, payload: object) -> Refused:
    [event] = FORMATS[format_name](payload)
    assert isinstance(event, Refused)
    return event


def test_an_alert_of_alertmanager() -> None:
    assert one("alertmanager", group(ALERT)) == Event(
        dedup_key="1a30ba71cca2921f",
        firing=True,
        severity="critical",
        title="Shop is down",
        description=(
            "Down for over 5 minutes.\n\n"
            "http://prometheus.example:9090/graph?g0.expr=probe_success\n\n"
            "alertname=ProbeFailure\ninstance=https://shop.example\njob=http\nseverity=critical"
        ),
        raw=ALERT,
    )


def test_each_alert_has_its_own_status() -> None:
    firing, resolved = FORMATS["alertmanager"](group(ALERT, {**ALERT, "status": "resolved"}))
    assert isinstance(firing, Event)
    assert isinstance(resolved, Event)
    assert (firing.firing, resolved.firing) == (True, False)


def test_an_alert_without_status_has_its_groups() -> None:
    alert = {name: value for name, value in ALERT.items() if name != "status"}
    assert not one("alertmanager", group(alert, status="resolved")).firing


@pytest.mark.parametrize(
    ("labels", "title"),
    [
        ({"alertname": "DiskFull", "instance": "db1"}, "DiskFull db1"),
        ({"alertname": "DiskFull"}, "DiskFull"),
        ({"job": "node", "dc": "fra"}, "dc=fra, job=node"),
    ],
)
def test_without_a_summary_the_labels_name_the_alert(labels: dict[str, str], title: str) -> None:
    assert one("alertmanager", group({"status": "firing", "labels": labels})).title == title


def test_without_a_fingerprint_the_labels_identify_the_alert_in_any_order() -> None:
    def key(labels: dict[str, str]) -> str:
        return one("alertmanager", group({"status": "firing", "labels": labels})).dedup_key

    assert key({"a": "1", "b": "2"}) == key({"b": "2", "a": "1"})
    assert key({"a": "1", "b": "2"}) != key({"a": "1", "b": "3"})
    assert key({"a": "1"}) != ""


def test_the_priority_label_is_passed_on() -> None:
    alert = {**ALERT, "labels": {**ALERT["labels"], "priority": "blocker"}}
    assert one("alertmanager", group(alert)).priority == "blocker"


@pytest.mark.parametrize(
    ("alert", "field"),
    [
        (None, "alerts.0"),
        ({**ALERT, "status": "paused"}, "alerts.0.status"),
        ({**ALERT, "labels": {}}, "alerts.0.labels"),
        ({**ALERT, "labels": ["critical"]}, "alerts.0.labels"),
        ({**ALERT, "labels": {"alertname": {"de": "x"}}}, "alerts.0.labels.alertname"),
        ({**ALERT, "annotations": "down"}, "alerts.0.annotations"),
        ({**ALERT, "generatorURL": []}, "alerts.0.generatorURL"),
    ],
)
def test_an_unusable_alert_is_refused_by_its_field(alert: object, field: str) -> None:
    refused = refusal("alertmanager", group(alert))
    assert refused.field == field
    assert refused.why
    assert refused.raw == alert


def test_one_unusable_alert_does_not_cost_the_others() -> None:
    kinds = [type(event) for event in FORMATS["alertmanager"](group("?", ALERT, 3))]
    assert kinds == [Refused, Event, Refused]


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ([ALERT], ""),
        ("down", ""),
        (None, ""),
        ({}, "alerts"),
        (group(), "alerts"),
        (group(alerts={"0": ALERT}), "alerts"),
    ],
)
def test_another_shape_is_no_group_of_alertmanager(payload: object, field: str) -> None:
    with pytest.raises(PayloadError) as caught:
        FORMATS["alertmanager"](payload)
    assert list(caught.value.errors) == [field]


def test_a_generic_event_with_everything() -> None:
    sent = {
        "dedup_key": "backup-db1",
        "status": "firing",
        "severity": "high",
        "priority": "minor",
        "title": "Backup failed",
        "description": "Exit code 2",
    }
    assert one("generic", sent) == Event(
        dedup_key="backup-db1",
        firing=True,
        severity="high",
        priority="minor",
        title="Backup failed",
        description="Exit code 2",
        raw=sent,
    )


def test_a_title_is_enough_to_fire() -> None:
    event = one("generic", {"title": "Door open"})
    assert (event.firing, event.dedup_key, event.title) == (True, "", "Door open")


def test_a_dedup_key_is_enough_to_resolve() -> None:
    event = one("generic", {"status": "RESOLVED", "dedup_key": 17})
    assert (event.firing, event.dedup_key) == (False, "17")


@pytest.mark.parametrize("wrap", [lambda events: events, lambda events: {"events": events}])
def test_generic_events_may_come_as_a_list(wrap: Any) -> None:
    events = FORMATS["generic"](wrap([{"title": "A"}, {"title": "B"}]))
    assert [event.title for event in events if isinstance(event, Event)] == ["A", "B"]


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({}, "title"),
        ({"title": None}, "title"),
        ({"title": " \n "}, "title"),
        ({"title": ["a"]}, "title"),
        ({"title": "a", "status": "broken"}, "status"),
        ({"status": "resolved", "title": "a"}, "dedup_key"),
        ([{"description": "a"}], "0.title"),
        ({"events": [7]}, "events.0"),
        ({"events": [{"title": "a", "severity": {}}]}, "events.0.severity"),
    ],
)
def test_an_unusable_generic_event_is_refused_by_its_field(payload: object, field: str) -> None:
    assert refusal("generic", payload).field == field


@pytest.mark.parametrize(
    ("payload", "field"), [([], ""), (3, ""), ({"events": []}, "events"), ({"events": {}}, "events")]
)
def test_another_shape_is_not_generic(payload: object, field: str) -> None:
    with pytest.raises(PayloadError) as caught:
        FORMATS["generic"](payload)
    assert list(caught.value.errors) == [field]


def test_too_many_events_at_once_are_refused_whole() -> None:
    with pytest.raises(PayloadError):
        FORMATS["generic"]([{"title": "a"}] * 10_001)


def test_a_title_is_one_line_of_at_most_200_characters() -> None:
    assert one("generic", {"title": "a\n\tb  c"}).title == "a b c"
    assert one("generic", {"title": "x" * 200}).title == "x" * 200
    long = one("generic", {"title": "x" * 201}).title
    assert (len(long), long[-2:]) == (200, "x…")


def test_a_long_dedup_key_is_hashed_not_cut() -> None:
    first, second = (one("generic", {"title": "a", "dedup_key": "k" * 300 + end}).dedup_key for end in "ab")
    assert first != second
    assert max(len(first), len(second)) <= 255


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["alerts", "labels", "annotations", "status", "fingerprint", "events", "title", "severity"])
            | st.text(max_size=5),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@pytest.mark.parametrize("format_name", list(FORMATS))
@given(payload=JSON)
def test_no_json_surprises_a_parser(format_name: str, payload: object) -> None:
    try:
        events = FORMATS[format_name](payload)
    except PayloadError:
        return
    assert events
    for event in events:
        if isinstance(event, Refused):
            assert event.why
        else:
            assert len(event.dedup_key) <= 255
            assert len(event.title) <= 200
            assert event.title or not event.firing
            assert event.dedup_key or event.firing
