"""Who is told of the coverage: each finding once, whoever looks, and everything once a week."""

import threading
from datetime import datetime, time, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from psycopg2.extras import DateTimeTZRange

from oncall.models import Rotation, RotationMember
from portal.services import record, retire, supersede
from portal.weekly import weekly_time
from routing.coverage import watching
from routing.coverage.models import KnownFinding
from routing.coverage.watching import is_due, last_weekly, watch
from routing.models import Alarm, Delivery, MailText
from tests.people import BEGAN, BERLIN, PRIVATE, SINCE, TUESDAY, World, make_world
from tests.routing.pages.helpers import as_person, text

QUARTER = timedelta(minutes=15)
MONDAY = datetime(2026, 11, 30, 7, 2, tzinfo=BERLIN)


def end_backup(world: World) -> None:
    retire(Rotation.objects.current().get(rota=world.rota, line="backup"), by=None, now=BEGAN)


def begin_backup(world: World) -> None:
    rotation = record(
        Rotation,
        by=None,
        now=BEGAN,
        rota=world.rota,
        line="backup",
        handover_weekday=2,
        handover_time=time(10),
        valid=SINCE,
    )
    RotationMember.objects.create(rotation=rotation, position=0, person=world.backup)


def letters() -> list[tuple[str, str]]:
    return list(MailText.objects.order_by("pk").values_list("delivery__to", "subject"))


def test_what_is_new_is_told_once_it_has_stood_for_a_while(world: World) -> None:
    world.admin.language = "de"
    world.admin.save()
    assert is_due(TUESDAY)
    assert watch(now=TUESDAY) == 0  # a holiday is no news
    assert not is_due(TUESDAY)
    assert watch(now=TUESDAY) == 0
    end_backup(world)
    assert watch(now=TUESDAY + QUARTER) == 0  # somebody may be at work on it
    assert watch(now=TUESDAY + 2 * QUARTER) == 1
    [(to, subject)] = letters()
    body = MailText.objects.get().body
    assert to == world.admin.email
    assert subject.startswith("Abdeckung: ")
    assert world.oncall.name in body
    assert "/administration/coverage/" in body
    assert PRIVATE not in body
    assert Delivery.objects.get().kind == Delivery.Kind.LETTER
    assert watch(now=TUESDAY + 3 * QUARTER) == 0
    assert not Alarm.objects.exists()  # a risk is no alarm
    # What is over is forgotten, so that it is told again when it comes back.
    begin_backup(world)
    assert watch(now=TUESDAY + 4 * QUARTER) == 0
    assert not KnownFinding.objects.exists()
    end_backup(world)
    assert [watch(now=TUESDAY + number * QUARTER) for number in (5, 6, 7)] == [0, 1, 0]


def test_a_gap_far_ahead_does_not_keep_one_quiet_that_is_near(world: World) -> None:
    for line in ("primary", "backup"):
        retire(Rotation.objects.current().get(rota=world.rota, line=line), by=None, now=BEGAN)
    begin_backup(world)
    rotation = Rotation.objects.current().get(rota=world.rota)
    supersede(rotation, by=None, now=BEGAN, valid=DateTimeTZRange(SINCE.lower, TUESDAY + timedelta(weeks=5)))
    rotation = Rotation.objects.current().get(rota=world.rota)
    RotationMember.objects.create(rotation=rotation, position=0, person=world.backup)
    assert [watch(now=TUESDAY + number * QUARTER) for number in range(3)] == [0, 1, 0]
    retire(rotation, by=None, now=BEGAN)
    assert [watch(now=TUESDAY + number * QUARTER) for number in (3, 4, 5)] == [0, 1, 0]


def test_a_gap_is_an_alarm_on_the_desk_until_it_is_closed(world: World) -> None:
    end_backup(world)
    retire(Rotation.objects.current().get(rota=world.rota, line="primary"), by=None, now=BEGAN)
    assert [watch(now=TUESDAY + number * QUARTER) for number in (0, 1)] == [0, 1]
    assert list(Alarm.objects.filter(cleared_at=None).values_list("kind", flat=True)) == ["coverage_gap"]
    admin = as_person(world.admin)
    assert "In the coming weeks there are times at which nobody can answer" in text(admin.get("/desk/"))
    assert "There is a gap" in text(admin.get("/administration/"))
    begin_backup(world)
    watch(now=TUESDAY + 2 * QUARTER)
    assert not Alarm.objects.filter(cleared_at=None).exists()
    assert "There is a gap" not in text(admin.get("/administration/"))


def test_each_week_everything_is_told_even_that_all_is_well(world: World) -> None:
    assert watch(now=MONDAY) == 0  # nobody had looked before Monday at seven
    KnownFinding.objects.all().delete()
    next_week = MONDAY + timedelta(days=7)
    assert watch(now=next_week - QUARTER) == 0
    assert watch(now=next_week) == 1
    assert watch(now=next_week + QUARTER) == 0
    assert [subject for _to, subject in letters()] == ["Coverage: no gap until Mon 1 Feb"]
    assert "Holiday without arrangement: Christmas Day" in MailText.objects.get().body


def test_the_week_is_told_on_its_weekday_by_the_clock_on_the_wall() -> None:
    assert last_weekly(MONDAY) == datetime(2026, 11, 30, 7, tzinfo=BERLIN)
    assert last_weekly(MONDAY - QUARTER) == datetime(2026, 11, 23, 7, tzinfo=BERLIN)
    assert last_weekly(datetime(2026, 10, 26, 7, tzinfo=BERLIN)) == datetime(2026, 10, 26, 7, tzinfo=BERLIN)
    assert weekly_time("Sun 18:30") == (6, time(18, 30))
    for wrong in ("", "monday 07:00", "mon", "mon 25:00"):
        with pytest.raises(ImproperlyConfigured):
            weekly_time(wrong)


def test_a_look_that_fails_leaves_the_next_one_to_try(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(watching, "coverage", lambda *_args, **_given: 1 / 0)
        assert watch(now=TUESDAY) == 0
    end_backup(world)
    assert [watch(now=TUESDAY + number * QUARTER) for number in (1, 2)] == [0, 1]


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_each_finding_exactly_once() -> None:
    """Both the same quarter of an hour and two quarters that overlap."""
    world = make_world()
    end_backup(world)
    watch(now=TUESDAY)
    start = threading.Barrier(4)
    told: list[int] = []

    def work(now: datetime) -> None:
        try:
            start.wait(timeout=10)
            told.append(watch(now=now))
        finally:
            connection.close()

    instants = [TUESDAY + QUARTER, TUESDAY + QUARTER, TUESDAY + 2 * QUARTER, TUESDAY + 2 * QUARTER]
    threads = [threading.Thread(target=work, args=[now]) for now in instants]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(told) == [0, 0, 0, 1]
    assert len(letters()) == 1
