"""How a customer follows what was reported: the list, the page, questions, replies, and reopening."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from portal import clock
from routing.incidents import services
from routing.incidents.models import Incident, TimelineEntry
from routing.incidents.services import acknowledge, add_note, create_incident, resolve, wait
from tests.people import TUESDAY, World, minutes
from tests.routing.attachments.samples import PNG
from tests.statistics import analyze

from .helpers import as_person, queries, report, text

PICTURE = b"\x89PNG\r\n\x1a\n" + b"\x00" * 32


def shown(world: World, path: str, name: str = "alice") -> str:
    return text(as_person(getattr(world, name)).get(path))


def page_of(world: World, incident: Incident, name: str = "alice") -> str:
    return shown(world, f"/incidents/{incident.pk}/", name)


def post(world: World, incident: Incident, action: str, data: dict[str, Any], name: str = "alice") -> Any:
    return as_person(getattr(world, name)).post(f"/incidents/{incident.pk}/{action}/", data)


# --- The list -------------------------------------------------------------------------------------------------


def test_a_first_time_customer_reads_what_to_do(world: World) -> None:
    for path in ("/incidents/", "/incidents/?status=all"):
        first = shown(world, path)
        if path == "/incidents/":
            assert "Nothing has been reported yet" in first
            assert 'href="/projects/"' in first
            assert 'href="/incidents/new/"' in first
    incident = report(world.webshop, world.alice)
    resolve(incident, by=world.desk, now=clock.now(), reason="done")
    assert "All quiet" in shown(world, "/incidents/")


def test_kinds_are_told_apart(world: World) -> None:
    report(world.webshop, world.alice, title="A disturbance")
    report(world.webshop, world.alice, title="A wish", kind="request")
    assert "A wish" not in shown(world, "/incidents/?kind=incident")
    assert "A disturbance" not in shown(world, "/incidents/?kind=request")
    assert "A wish" in shown(world, "/incidents/?kind=request")


def test_a_search_among_what_is_open_offers_the_rest(world: World) -> None:
    incident = report(world.webshop, world.alice, title="Certificate expired")
    resolve(incident, by=world.desk, now=clock.now(), reason="done")
    assert "?q=certificate&amp;status=all" in shown(world, "/incidents/?q=certificate")
    assert "Certificate expired" in shown(world, "/incidents/?q=certificate&status=all")


def test_what_waits_for_the_customer_is_pointed_out(world: World) -> None:
    incident = report(world.webshop, world.alice)
    acknowledge(incident, by=world.desk, now=clock.now())
    wait(incident, by=world.desk, now=clock.now(), until=clock.now() + timedelta(days=1))
    assert "waits for your answer" not in shown(world, "/incidents/")
    services.start(incident, by=world.desk, now=clock.now())
    wait(incident, by=world.desk, now=clock.now(), question="Since when?")
    assert "One of your incidents waits for your answer" in shown(world, "/incidents/")
    assert "waits for your answer" not in shown(world, "/incidents/", "charlie")
    assert "waits for your answer" not in shown(world, "/incidents/", "desk")
    assert "waiting for you" in shown(world, "/incidents/?status=waiting")


# --- Visibility -----------------------------------------------------------------------------------------------


def found_by_monitoring(world: World, priority: str) -> Incident:
    return create_incident(
        project=world.webshop,
        priority=priority,
        title="Queue stands still",
        source=Incident.Source.MONITORING,
        by=None,
        actor_name="Alertmanager",
        now=clock.now(),
    )


def is_seen(world: World, incident: Incident) -> bool:
    """Everywhere or nowhere: list, count, search, page, and the API's list, search, incident and timeline."""
    client = as_person(world.alice)
    number = incident.number
    seen = {
        incident.title in text(client.get("/incidents/?status=all")),
        "1 incident" in text(client.get("/incidents/?status=all")),
        incident.title in text(client.get("/incidents/?status=all&q=queue")),
        incident.title in text(client.get(f"/incidents/?status=all&q={number}")),
        client.get(f"/incidents/{number}/").status_code == 200,
        client.get("/api/v1/incidents/").json()["count"] == 1,
        client.get("/api/v1/incidents/?q=queue").json()["count"] == 1,
        client.get(f"/api/v1/incidents/?q={number}").json()["count"] == 1,
        client.get(f"/api/v1/incidents/{number}/").status_code == 200,
        client.get(f"/api/v1/incidents/{number}/timeline/").status_code == 200,
    }
    assert len(seen) == 1
    return seen.pop()


def test_what_monitoring_found_is_seen_once_somebody_took_it(world: World) -> None:
    incident = found_by_monitoring(world, "critical")
    assert not is_seen(world, incident)
    acknowledge(incident, by=world.oncall, now=clock.now())
    assert is_seen(world, incident)
    services.pass_on(incident, by=world.oncall, now=clock.now())
    assert is_seen(world, incident)


def test_a_blocker_is_seen_at_once_and_does_not_vanish(world: World) -> None:
    incident = found_by_monitoring(world, "blocker")
    assert is_seen(world, incident)
    services.change_priority(incident, priority="critical", by=world.desk, now=clock.now(), why="One is left")
    assert is_seen(world, incident)


def test_what_was_over_before_anybody_took_it_is_not_seen(world: World) -> None:
    incident = found_by_monitoring(world, "critical")
    resolve(incident, by=None, now=clock.now(), reason="monitoring", actor_name="Alertmanager")
    assert not is_seen(world, incident)
    services.reopen(incident, by=world.desk, now=clock.now(), reason="Again")
    assert is_seen(world, incident)


# --- The page -------------------------------------------------------------------------------------------------


def test_the_answer_in_words(world: World) -> None:
    incident = report(world.webshop, world.alice, now=TUESDAY)
    Incident.objects.filter(pk=incident.pk).update(respond_by=clock.now() + timedelta(minutes=5))
    assert "by <time" in page_of(world, incident)
    Incident.objects.filter(pk=incident.pk).update(respond_by=clock.now() - timedelta(minutes=5))
    late = page_of(world, incident)
    assert "not answered yet; due was" in late
    assert "dd-overdue" not in late
    Incident.objects.filter(pk=incident.pk).update(respond_by=TUESDAY + minutes(60))
    acknowledge(incident, by=world.oncall, now=TUESDAY + minutes(12))
    answered = page_of(world, incident)
    assert "within the target (Tue 24 Nov, 11:00)" in answered
    assert "Tue 24 Nov, 10:12" in answered
    assert "on-call engineer" in answered
    assert "Marek" not in answered
    resolve(incident, by=world.oncall, now=TUESDAY + minutes(400), reason="Disk replaced")
    assert "after the target (Tue 24 Nov, 16:00)" in page_of(world, incident)


def test_a_question_and_its_answer(world: World) -> None:
    incident = report(world.webshop, world.alice)
    acknowledge(incident, by=world.sdm, now=clock.now())
    asked = post(world, incident, "wait", {"question": "Since <when>?"}, "sdm")
    assert asked.status_code == 302
    waiting = page_of(world, incident)
    assert "We are waiting for you" in waiting
    assert "Jana Manager asks:" in waiting
    assert "Since &lt;when&gt;?" in waiting
    post(world, incident, "note", {"text": "Since nine"})
    incident.refresh_from_db()
    assert (incident.status, incident.waits_for_customer) == ("in_progress", False)
    assert list(incident.timeline.order_by("pk").values_list("kind", flat=True))[-2:] == ["note", "answered"]
    assert "We are waiting for you" not in page_of(world, incident)


def test_a_reply_with_a_file_alone_is_an_answer(world: World, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    incident = report(world.webshop, world.alice)
    acknowledge(incident, by=world.sdm, now=clock.now())
    wait(incident, by=world.sdm, now=clock.now(), question="May we see it?")
    sent = post(world, incident, "note", {"attachments": SimpleUploadedFile("notes.txt", b"Since nine\n")})
    assert sent.status_code == 302
    incident.refresh_from_db()
    assert incident.status == "in_progress"
    assert not incident.timeline.filter(kind="note").exists()
    assert "notes.txt" in page_of(world, incident)


def test_files_follow_the_note_they_come_with(world: World, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    incident = report(world.webshop, world.alice)
    file = SimpleUploadedFile("inside.txt", b"For us alone\n")
    post(world, incident, "note", {"text": "Look", "public": "", "attachments": file}, "desk")
    assert "inside.txt" in page_of(world, incident, "desk")
    assert "inside.txt" not in page_of(world, incident)


def test_a_file_that_is_none_is_refused_and_the_text_kept(world: World) -> None:
    incident = report(world.webshop, world.alice)
    file = SimpleUploadedFile("page.html", b"<script>alert(1)</script>")
    answer = post(world, incident, "note", {"text": "My long story", "attachments": file})
    assert answer.status_code == 400
    assert "My long story" in text(answer)
    assert not incident.timeline.filter(kind="note").exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Ask something, or name a date."),
        ({"until": "2020-01-01T10:00"}, "That instant has passed."),
        ({"question": "x", "until": "tomorrow"}, "Enter a date and a time."),
    ],
)
def test_waiting_needs_something_to_wait_for(world: World, data: dict[str, str], words: str) -> None:
    incident = report(world.webshop, world.alice)
    acknowledge(incident, by=world.desk, now=clock.now())
    answer = post(world, incident, "wait", data, "desk")
    assert (answer.status_code, words in text(answer)) == (400, True)
    incident.refresh_from_db()
    assert incident.status == "acknowledged"


def test_opening_again_needs_a_reason(world: World) -> None:
    incident = report(world.webshop, world.alice)
    resolve(incident, by=world.desk, now=clock.now(), reason="done")
    assert "If it is not over, open it again." in page_of(world, incident)
    assert post(world, incident, "reopen", {"remark": " "}).status_code == 400
    post(world, incident, "reopen", {"remark": "Still down"})
    incident.refresh_from_db()
    assert incident.status == "new"
    assert "Reopened: Still down" in page_of(world, incident)


def test_what_is_closed_takes_no_replies(world: World) -> None:
    incident = report(world.webshop, world.alice)
    resolve(incident, by=world.desk, now=clock.now(), reason="done")
    assert post(world, incident, "close", {}, "desk").status_code == 302
    closed = page_of(world, incident)
    assert "Report it anew" in closed
    assert 'id="reply"' not in closed
    assert post(world, incident, "note", {"text": "One more thing"}).status_code == 409
    assert "One more thing" not in page_of(world, incident, "desk")


def test_a_reply_whose_files_cannot_be_kept_is_not_lost(world: World, settings: Settings, tmp_path: Path) -> None:
    incident = report(world.webshop, world.alice)
    settings.MEDIA_ROOT = tmp_path / "full"
    settings.MEDIA_ROOT.write_text("no folder")
    files = [SimpleUploadedFile("screenshot.png", PNG)]
    answer = post(world, incident, "note", {"text": "It began at nine", "attachments": files})
    assert answer.status_code == 503
    assert "The files could not be kept" in text(answer)
    assert "It began at nine" in text(answer)
    assert not incident.timeline.filter(kind="note").exists()


def test_staff_assign_from_the_page(world: World) -> None:
    incident = report(world.webshop, world.alice)
    assert post(world, incident, "assign", {"assignee": world.brm.pk}, "desk").status_code == 400
    assert post(world, incident, "assign", {"assignee": world.sdm.pk}, "desk").status_code == 302
    incident.refresh_from_db()
    assert (incident.assignee, incident.status) == (world.sdm, "acknowledged")


def test_what_may_be_done_by_now_comes_with_a_change_of_status_alone(world: World) -> None:
    incident = report(world.webshop, world.alice)
    client = as_person(world.alice)
    ask = {"HX-Request": "true"}
    same = text(client.get(f"/incidents/{incident.pk}/?seen=new", headers=ask))
    assert 'hx-swap-oob="true"' not in same
    resolve(incident, by=world.desk, now=clock.now(), reason="done")
    after = text(client.get(f"/incidents/{incident.pk}/?seen=new", headers=ask))
    assert 'hx-swap-oob="true"' in after
    assert "/reopen/" in after
    assert f"/incidents/{incident.pk}/?seen=resolved" in after


def test_a_long_story_is_shown_from_its_end(world: World) -> None:
    incident = report(world.webshop, world.alice)
    for number in range(60):
        add_note(incident, by=world.desk, now=clock.now(), text=f"Note number {number}.", public=True)
    short = page_of(world, incident)
    assert "Note number 59." in short
    assert "Note number 5." not in short
    earlier = re.search(r"\?before=\d+", short)
    assert earlier
    rest = shown(world, f"/incidents/{incident.pk}/{earlier.group()}")
    assert "Note number 5." in rest
    assert "Note number 59." not in rest
    assert "Earlier lines" not in rest


# --- Many -----------------------------------------------------------------------------------------------------


@pytest.fixture
def ten_thousand(world: World) -> Incident:
    """As many incidents of each age and status as a busy year brings; one of them is read."""
    now = clock.now()
    statuses = ["new", "acknowledged", "in_progress", "waiting", "resolved", "closed", "closed", "closed"]
    rows = Incident.objects.bulk_create(
        (
            Incident(
                project=world.webshop if number % 2 else world.kundenportal,
                priority=("blocker", "critical", "major", "minor")[number % 4],
                status=statuses[number % 8],
                source=("portal", "monitoring", "phone")[number % 3],
                title=f"Störung {number}: Anmeldung im Shop dauert zu lange und bricht manchmal ganz ab",
                description="Since this morning customers wait for a minute. " * 5,
                reporter=world.alice if number % 2 else world.charlie,
                assignee=world.desk if number % 8 else None,
                matrix_version=world.versions["webshop" if number % 2 else "kundenportal"],
                reported_at=now - timedelta(minutes=number),
                created_at=now - timedelta(minutes=number),
                respond_by=now - timedelta(minutes=number - 60),
                responded_at=None if number % 8 == 0 else now - timedelta(minutes=number - 30),
                awaits_customer=True,
            )
            for number in range(10_000)
        ),
        batch_size=2000,
    )
    TimelineEntry.objects.bulk_create(
        (
            TimelineEntry(
                incident=row, at=now, kind="note", actor=world.desk, data={"text": f"Log {row.pk}"}, public=True
            )
            for row in rows
        ),
        batch_size=2000,
    )
    analyze()
    return rows[1]


@pytest.mark.parametrize("name", ["alice", "desk"])
def test_pages_stay_small_with_ten_thousand_incidents(world: World, ten_thousand: Incident, name: str) -> None:
    client = as_person(getattr(world, name))
    paths = [
        "/incidents/",
        "/incidents/?status=all",
        "/incidents/?status=all&q=anmeldung",
        f"/incidents/?status=all&q=log+{ten_thousand.pk}",
        "/incidents/?status=all&page=7&priority=critical&project=webshop&kind=incident",
        f"/incidents/{ten_thousand.pk}/",
    ]
    for path in paths:
        client.get(path)
        answer = client.get(path)
        assert answer.status_code == 200, path
        # The frame of the provider's people has more in it: their navigation and their presence.
        assert len(answer.content) < (50_000 if name == "alice" else 60_000), (path, len(answer.content))
        count = queries(lambda path=path: client.get(path))
        assert count < (15 if name == "alice" else 21), (path, count)


def test_what_nobody_has_taken_yet_leads_to_whom_to_call(world: World) -> None:
    incident = report(world.webshop, world.alice)
    waits = "Nobody has taken it yet"
    page = page_of(world, incident)
    assert waits in page
    assert page.count("/projects/webshop/call/?priority=blocker") == 2
    assert waits not in page_of(world, incident, "desk")
    assert waits not in page_of(world, report(world.webshop, world.alice, kind="request"))
    acknowledge(incident, by=world.desk, now=clock.now())
    assert waits not in page_of(world, incident)
