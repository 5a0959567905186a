"""The list, one incident, and its actions."""

from datetime import timedelta

import pytest

from portal import clock
from routing.incidents import services
from routing.incidents.models import Incident
from routing.paging.escalating import advance_due
from tests.people import World, make_person

from .helpers import as_person, queries, report, text


def test_unacknowledged_come_first_then_the_newest(world: World) -> None:
    old = report(world.webshop, world.alice, title="Older, open")
    taken = report(world.webshop, world.alice, title="Newer, taken")
    services.acknowledge(taken, by=world.desk, now=clock.now())
    shown = text(as_person(world.desk).get("/incidents/"))
    assert shown.index(old.title) < shown.index(taken.title)


def test_the_list_holds_what_the_reader_may_see(world: World) -> None:
    report(world.webshop, world.alice, title="Of the webshop")
    report(world.kundenportal, world.charlie, title="Of the portal")
    assert "Of the portal" not in text(as_person(world.alice).get("/incidents/?status=all"))
    assert "Of the webshop" not in text(as_person(world.charlie).get("/incidents/?status=all"))
    staff = text(as_person(world.oncall).get("/incidents/"))
    assert "Of the portal" in staff
    assert "Of the webshop" in staff


def test_filters(world: World) -> None:
    minor = report(world.webshop, world.alice, title="Wrong date", priority="minor")
    report(world.kundenportal, world.charlie, title="Login fails", description="since the update")
    done = report(world.webshop, world.alice, title="Long gone")
    services.resolve(done, by=world.desk, now=clock.now(), reason="fixed")
    client = as_person(world.desk)

    def titles(**query: object) -> set[str]:
        shown = text(client.get("/incidents/", query))
        return {title for title in ("Wrong date", "Login fails", "Long gone") if title in shown}

    assert titles() == {"Wrong date", "Login fails"}
    assert titles(status="all") == {"Wrong date", "Login fails", "Long gone"}
    assert titles(status="resolved") == {"Long gone"}
    assert titles(priority="minor") == {"Wrong date"}
    assert titles(project="kundenportal") == {"Login fails"}
    assert titles(q="update") == {"Login fails"}
    assert titles(q=f"#{minor.pk}") == {"Wrong date"}
    assert titles(q="nothing like it") == set()
    assert titles(priority="nonsense", q="9" * 30) == set()


def test_another_customers_project_is_no_filter(world: World) -> None:
    report(world.kundenportal, world.charlie, title="Of the portal")
    shown = text(as_person(world.alice).get("/incidents/?project=kundenportal"))
    assert "Of the portal" not in shown
    assert 'value="kundenportal"' not in shown


def test_nothing_is_said_kindly(world: World) -> None:
    client = as_person(world.desk)
    assert "All quiet" in text(client.get("/incidents/"))
    assert "Nothing matches" in text(client.get("/incidents/?q=anything"))


def test_long_lists_are_turned_over_and_keep_their_filter(world: World) -> None:
    for _ in range(26):
        report(world.webshop, world.alice)
    client = as_person(world.desk)
    assert "?q=shop&amp;page=2" in text(client.get("/incidents/?q=shop"))
    assert "Page 2 of 2" in text(client.get("/incidents/?page=2"))
    assert client.get("/incidents/?page=nonsense").status_code == 200


def test_the_list_is_sent_again_only_when_it_changed(world: World) -> None:
    report(world.webshop, world.alice)
    client = as_person(world.desk)
    ask = {"HX-Request": "true"}
    first = client.get("/incidents/", headers=ask)
    assert text(first).lstrip().startswith('<div id="rows"')
    assert client.get("/incidents/", headers={**ask, "If-None-Match": first["ETag"]}).status_code == 304
    report(world.webshop, world.alice, title="Another one")
    assert client.get("/incidents/", headers={**ask, "If-None-Match": first["ETag"]}).status_code == 200


def test_queries_of_the_list_do_not_grow(world: World) -> None:
    for name in ("desk", "alice"):
        client = as_person(getattr(world, name))
        services.acknowledge(report(world.webshop, world.alice), by=world.oncall, now=clock.now())
        client.get("/incidents/")
        few = queries(lambda client=client: client.get("/incidents/"))
        for number in range(12):
            engineer = make_person(f"{name}{number}@example.com", "Engineer")
            services.acknowledge(report(world.webshop, world.alice), by=engineer, now=clock.now())
        assert queries(lambda client=client: client.get("/incidents/")) == few


@pytest.mark.parametrize("name", ["desk", "alice"])
def test_queries_of_one_incident_do_not_grow(world: World, name: str) -> None:
    incident = report(world.webshop, world.alice)
    services.add_note(incident, by=world.sdm, now=clock.now(), text="First look", public=True)
    advance_due(now=clock.now(), limit=10)
    client = as_person(getattr(world, name))
    client.get(f"/incidents/{incident.pk}/")
    few = queries(lambda: client.get(f"/incidents/{incident.pk}/"))
    for number in range(12):
        engineer = make_person(f"engineer{number}@example.com", f"Engineer {number}", 0, "Service Desk")
        services.add_note(incident, by=engineer, now=clock.now(), text=f"Note {number}", public=True)
    advance_due(now=clock.now() + timedelta(minutes=200), limit=10)
    client.get(f"/incidents/{incident.pk}/")
    assert queries(lambda: client.get(f"/incidents/{incident.pk}/")) == few


def test_staff_see_who_is_next(world: World) -> None:
    incident = report(world.webshop, world.alice)
    advance_due(now=clock.now(), limit=10)
    shown = text(as_person(world.desk).get(f"/incidents/{incident.pk}/"))
    first = incident.escalation.pages.get()
    assert f"<strong>{first.name}</strong>" in shown
    assert "Next:" in shown
    assert "queued" in shown


def test_acknowledge_start_resolve_reopen(world: World) -> None:
    incident = report(world.webshop, world.alice)
    address = f"/incidents/{incident.pk}/"
    client = as_person(world.desk)
    for action, data, status in (
        ("acknowledge", {}, "acknowledged"),
        ("start", {}, "in_progress"),
        ("pass-on", {"remark": "I must leave"}, "new"),
        ("resolve", {"reason": "Disk replaced"}, "resolved"),
        ("reopen", {"remark": "Broken again"}, "new"),
    ):
        response = client.post(f"{address}{action}/", data)
        assert response["Location"] == address
        incident.refresh_from_db()
        assert incident.status == status
    shown = text(client.get(address))
    assert all(words in shown for words in ("I must leave", "Disk replaced", "Broken again"))


def test_resolving_needs_a_reason(world: World) -> None:
    incident = report(world.webshop, world.alice)
    response = as_person(world.desk).post(f"/incidents/{incident.pk}/resolve/", {"reason": "  "})
    assert response.status_code == 400
    assert "This field is required" in text(response)
    incident.refresh_from_db()
    assert incident.status == "new"


def test_who_comes_too_late_reads_what_happened_meanwhile(world: World) -> None:
    incident = report(world.webshop, world.alice)
    services.resolve(incident, by=world.sdm, now=clock.now(), reason="Disk replaced")
    response = as_person(world.desk).post(f"/incidents/{incident.pk}/acknowledge/")
    assert response.status_code == 409
    assert "Nothing was changed" in text(response)
    assert "Jana Manager: Resolved: Disk replaced" in text(response)
    incident.refresh_from_db()
    assert incident.status == "resolved"


def test_who_acknowledges_second_reads_who_has_it(world: World) -> None:
    incident = report(world.webshop, world.alice)
    address = f"/incidents/{incident.pk}/acknowledge/"
    assert as_person(world.oncall).post(address).status_code == 302
    assert as_person(world.oncall).post(address).status_code == 302
    response = as_person(world.desk).post(address)
    assert response.status_code == 409
    assert "Marek Nightly: Acknowledged by click in the portal" in text(response)
    incident.refresh_from_db()
    assert incident.assignee == world.oncall


def test_a_customer_reopens_and_writes_public_notes(world: World) -> None:
    incident = report(world.webshop, world.alice)
    services.resolve(incident, by=world.desk, now=clock.now(), reason="fixed")
    client = as_person(world.alice)
    client.post(f"/incidents/{incident.pk}/reopen/", {"remark": "still down"})
    client.post(f"/incidents/{incident.pk}/note/", {"text": "It began at nine", "public": ""})
    incident.refresh_from_db()
    assert incident.status == "new"
    assert incident.timeline.get(kind="note").public


@pytest.mark.parametrize(("public", "seen"), [("", False), ("true", True)])
def test_staff_choose_who_reads_a_note(world: World, public: str, seen: bool) -> None:
    incident = report(world.webshop, world.alice)
    as_person(world.desk).post(f"/incidents/{incident.pk}/note/", {"text": "Half a sentence", "public": public})
    assert "Half a sentence" in text(as_person(world.oncall).get(f"/incidents/{incident.pk}/"))
    assert ("Half a sentence" in text(as_person(world.alice).get(f"/incidents/{incident.pk}/"))) is seen


def test_an_empty_note_is_none(world: World) -> None:
    incident = report(world.webshop, world.alice)
    assert as_person(world.desk).post(f"/incidents/{incident.pk}/note/", {"text": " "}).status_code == 400
    assert not incident.timeline.filter(kind="note").exists()


def test_what_people_write_is_never_markup(world: World) -> None:
    incident = report(world.webshop, world.alice, title="<script>alert(1)</script>", description="<b>bold</b>")
    for path in ("/incidents/", f"/incidents/{incident.pk}/"):
        assert "<script>alert" not in text(as_person(world.desk).get(path))
    assert "<b>bold" not in text(as_person(world.desk).get(f"/incidents/{incident.pk}/"))


def test_the_live_part_comes_alone_and_not_twice(world: World) -> None:
    incident = report(world.webshop, world.alice)
    client = as_person(world.desk)
    ask = {"HX-Request": "true"}
    first = client.get(f"/incidents/{incident.pk}/", headers=ask)
    assert text(first).lstrip().startswith('<div id="live"')
    again = client.get(f"/incidents/{incident.pk}/", headers={**ask, "If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_times_are_shown_in_the_readers_zone(world: World) -> None:
    incident = report(world.webshop, world.alice)
    Incident.objects.filter(pk=incident.pk).update(reported_at="2026-11-29T02:00:00Z")
    assert "Sun 29 Nov 2026, 03:00" in text(as_person(world.alice).get(f"/incidents/{incident.pk}/"))
    world.alice.zone = "Asia/Tokyo"
    world.alice.save()
    assert "Sun 29 Nov 2026, 11:00" in text(as_person(world.alice).get(f"/incidents/{incident.pk}/"))
