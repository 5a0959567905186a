"""Rest after a call-out: warned of with its source, and kept with one confirmation."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from oncall.models import Absence
from portal.models import AuditEntry, Installation, Person
from routing.duty.call_outs import call_outs, correct
from routing.duty.rest import keep_rest, rest_due, rests_due
from tests.people import BERLIN, PRIVATE, World, minutes
from tests.routing.duty.test_call_outs import ALWAYS, worked
from tests.routing.pages.helpers import as_person, queries, text

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 30, 2, 0, tzinfo=BERLIN)
PAGE = "/administration/rosters/rest/"


def test_rest_after_a_night_follows_corrections(world: World) -> None:
    worked(world, at=MONDAY)
    now = MONDAY + timedelta(hours=3)
    due = rest_due(world.oncall, now=now)
    assert due is not None
    assert (due.since, due.until) == (MONDAY + minutes(50), MONDAY + minutes(50) + timedelta(hours=11))
    assert due.begins == MONDAY.replace(hour=8)
    assert due.free is not None
    assert (due.free.start, due.free.end) == (MONDAY.replace(hour=8), due.until)
    assert rest_due(world.oncall, now=MONDAY + timedelta(hours=12)) is None
    assert rest_due(world.backup, now=now) is None
    [found] = call_outs(world.oncall, ALWAYS, now=now)
    correct(found, begins_at=MONDAY, ends_at=MONDAY + timedelta(hours=2), remark="", by=world.oncall, now=now)
    due = rest_due(world.oncall, now=now)
    assert due is not None
    assert due.until == MONDAY + timedelta(hours=13)
    Installation.objects.update(rest_hours=0)
    assert rests_due(now=now) == []


def test_the_proposal_is_recorded_with_one_confirmation(world: World, frozen: Callable[[datetime], None]) -> None:
    worked(world, at=MONDAY)
    now = MONDAY + timedelta(hours=7)  # nine o'clock
    frozen(now)
    until = (MONDAY + minutes(50) + timedelta(hours=11)).isoformat()
    own = as_person(world.oncall)
    shown = text(own.get("/duty/"))
    assert "§ 5 (1) ArbZG" in shown
    assert "Mon 30 Nov, 09:00" in shown  # from now on
    for given in ({}, {"until": "x"}, {"until": "2026-13-01T00:00Z"}, {"until": "2026-11-30T12:00:00+01:00"}):
        assert "Nothing was recorded" in text(own.post("/duty/rest/", given, follow=True))
    assert not Absence.objects.exists()
    assert "kept free of ordinary work" in text(own.post("/duty/rest/", {"until": until}, follow=True))
    [row] = Absence.objects.all()
    assert (row.person, row.kind, row.starts, row.recorded_by) == (world.oncall, "short", now, world.oncall)
    assert row.ends == MONDAY + minutes(50) + timedelta(hours=11)
    admin = as_person(world.admin)
    assert "is recorded as free" in text(admin.get(PAGE))
    again = admin.post(f"{PAGE}{world.oncall.pk}/keep/", {"until": until}, follow=True)
    assert "recorded already" in text(again)
    assert Absence.objects.count() == 1


def test_administrators_see_everybody_and_set_the_hours(world: World, frozen: Callable[[datetime], None]) -> None:
    now = MONDAY + timedelta(hours=4)
    frozen(now)
    worked(world, at=MONDAY)
    admin = as_person(world.admin)
    assert queries(lambda: admin.get(PAGE)) <= 20
    few = queries(lambda: rests_due(now=now))
    incident = worked(world, at=MONDAY + minutes(70), title="Again")
    page = incident.escalation.pages.get(person=world.oncall)
    page.person = world.backup
    page.save()
    assert {each.person for each in rests_due(now=now)} == {world.oncall, world.backup}
    assert queries(lambda: rests_due(now=now)) == few
    shown = text(admin.get(PAGE))
    assert "Disk full" in shown
    assert PRIVATE not in shown
    for person in (world.alice, world.desk, world.oncall):
        other = as_person(person)
        assert other.get(PAGE).status_code == 404
        assert other.post(f"{PAGE}{world.oncall.pk}/keep/", {"until": "x"}).status_code == 404
    assert admin.post(f"{PAGE}{world.alice.pk}/keep/", {"until": "x"}).status_code == 404
    given = {"hours": "10", "why": "Collective agreement", "seen": "11"}
    assert admin.post(PAGE, given).status_code == 302
    assert Installation.objects.get().rest_hours == 10
    entry = AuditEntry.objects.get(kind="installation", by=world.admin)
    assert (entry.changes, entry.why) == ({"rest_hours": [11, 10]}, "Collective agreement")
    second = admin.post(PAGE, {**given, "hours": "9"})
    assert second.status_code == 409
    assert "somebody else has changed it to 10 hours" in text(second)
    assert "Collective agreement" in text(second)
    for bad in ({**given, "hours": "25"}, {**given, "why": ""}, {}):
        assert admin.post(PAGE, bad).status_code == 400
    assert Installation.objects.get().rest_hours == 10


def test_who_is_passed_over_stays_on_duty(world: World) -> None:
    worked(world, at=MONDAY)
    now = MONDAY + timedelta(hours=3)
    due = rest_due(world.oncall, now=now)
    assert due is not None
    keep_rest(world.oncall, until=due.until, by=world.admin, now=now)
    again = rest_due(Person.objects.get(pk=world.oncall.pk), now=now)
    assert again is not None
    assert (again.free, again.recorded) == (None, True)
