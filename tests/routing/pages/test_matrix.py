"""The communication matrix of a project as a page."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from psycopg2.extras import DateTimeTZRange

from oncall.rotation import AbsenceKind
from oncall.services import record_absence
from portal.models import DatedOpening, ProjectSupport, WeeklyOpening
from portal.services import record
from tests.people import BEGAN, SUNDAY_NIGHT, TUESDAY, World, make_project

from .helpers import as_person, text

Freeze = Callable[[datetime], None]
MATRIX = "/projects/webshop/matrix/"


def shown_to(world: World, person: str = "alice", path: str = MATRIX) -> str:
    return text(as_person(getattr(world, person)).get(path))


def cells(page: str, priority: int) -> list[str]:
    """The cells of one row: what it means, each window, the targets."""
    row = page.split('<tr role="row">')[2 + priority]
    return re.split(r"<t[hd] role=", row)[1:]


def test_each_priority_has_its_meaning_channel_chain_and_targets_in_both_windows(world: World, frozen: Freeze) -> None:
    frozen(TUESDAY)
    page = shown_to(world)
    what, inside, outside, targets = cells(page, 0)
    assert "Meaning of blocker" in what
    assert "Example two" in what
    assert "Please call." in inside
    order = [inside.index(name) for name in ("Jana Manager", "after 5 minutes", "Service Desk", "Team Platform")]
    assert order == sorted(order)
    assert "tel:+496990009130" in inside
    assert "On-call engineer, platform" in outside
    assert "after 30 minutes" in outside
    assert "within 1 hour" in targets
    assert "within 6 hours" in targets
    assert "round the clock" in targets
    assert "in business hours" in cells(page, 3)[3]
    assert "Version 1, in force since Thu 1 Jan 2026." in page


def test_todays_column_is_lit(world: World, frozen: Freeze) -> None:
    frozen(TUESDAY)
    _what, inside, outside, _targets = cells(shown_to(world), 0)
    assert inside.startswith('"cell" class="dd-lit"')
    assert "now, until 18:00" in inside
    assert not outside.startswith('"cell" class="dd-lit"')
    frozen(SUNDAY_NIGHT)
    _what, inside, outside, _targets = cells(shown_to(world), 0)
    assert outside.startswith('"cell" class="dd-lit"')
    assert "now, until Mon 30 Nov, 08:00" in outside
    assert "from Mon 30 Nov, 08:00" in inside


def test_what_waits_for_the_opening_says_so_and_offers_no_call(world: World, frozen: Freeze) -> None:
    frozen(SUNDAY_NIGHT)
    outside = cells(shown_to(world), 3)[2]
    assert "We start at the next opening, Mon 30 Nov, 08:00" in outside
    assert "Jana Manager" in outside
    assert "tel:" not in outside


def test_who_is_in_a_meeting_is_passed_over_as_the_resolver_does(world: World, frozen: Freeze) -> None:
    frozen(TUESDAY)
    period = DateTimeTZRange(TUESDAY, TUESDAY + timedelta(minutes=45))
    record_absence(world.sdm, AbsenceKind.SHORT, period, by=None, now=BEGAN)
    inside = cells(shown_to(world), 0)[1]
    assert re.search(r'dd-matrix-first">\s*<span class="dd-matrix-name">Service Desk', inside)
    assert "Jana Manager: in a meeting or on a break (until 10:45)" in inside


def test_customers_read_no_name_of_who_is_on_duty(world: World) -> None:
    assert "Nightly" not in shown_to(world)
    assert "Marek Nightly" in shown_to(world, "desk")


def test_a_long_closing_is_looked_through(world: World, frozen: Freeze) -> None:
    """The other column is answered for the opening after it, which is farther off than a decision looks."""
    for day in range(24, 30):
        record(DatedOpening, by=None, now=BEGAN, hours=world.office, day=datetime(2026, 11, day).date())  # noqa: DTZ001
    for day in range(1, 21):
        record(DatedOpening, by=None, now=BEGAN, hours=world.office, day=datetime(2026, 12, day).date())  # noqa: DTZ001
    record(DatedOpening, by=None, now=BEGAN, hours=world.office, day=datetime(2026, 11, 30).date())  # noqa: DTZ001
    frozen(TUESDAY)
    inside = cells(shown_to(world), 0)[1]
    assert "from Mon 21 Dec, 08:00" in inside
    assert "Jana Manager" in inside


@pytest.mark.parametrize("without", [WeeklyOpening, ProjectSupport])
def test_an_office_that_never_opens_has_one_column(
    world: World, without: type[WeeklyOpening] | type[ProjectSupport]
) -> None:
    without.objects.all().delete()
    page = shown_to(world)
    assert "No business hours are agreed" in page
    assert page.count('role="columnheader"') == 3


def test_without_a_matrix_there_is_a_number_to_call(world: World) -> None:
    make_project(world.office, world.alster, "bare", world.desk_team, world.platform)
    page = shown_to(world, path="/projects/bare/matrix/")
    assert "No communication matrix is in force" in page
    assert "tel:+496990009301" in page
    assert "<table" not in page


def test_it_reads_in_german(world: World) -> None:
    world.alice.language = "de"
    world.alice.save()
    page = shown_to(world)
    assert "Bedeutung von blocker" in page
    assert "innerhalb von 1 Stunde" in page
    assert "Außerhalb der Geschäftszeit" in page


def test_only_the_table_is_sent_again(world: World, frozen: Freeze) -> None:
    frozen(TUESDAY)
    client = as_person(world.alice)
    part = client.get(MATRIX, headers={"HX-Request": "true"})
    assert text(part).lstrip().startswith('<div id="matrix"')
    frozen(TUESDAY + timedelta(seconds=50))
    again = client.get(MATRIX, headers={"HX-Request": "true", "If-None-Match": part["ETag"]})
    assert again.status_code == 304
