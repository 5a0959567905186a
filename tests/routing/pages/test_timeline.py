"""The timeline of an incident's page: its lines, messages, changes, filters and windows; and what customers get."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from time import perf_counter

import pytest
from psycopg2.extras import DateTimeTZRange

from matrix.terms import Channel
from oncall.models import Absence
from portal.models import Person
from portal.services import record
from routing.incidents import services
from routing.incidents.models import Incident, TimelineEntry
from routing.pages.timeline import LINES
from routing.paging import deliveries
from routing.paging.escalating import advance_due
from routing.paging.models import Delivery
from tests.people import BEGAN, PRIVATE, SUNDAY_NIGHT, TUESDAY, World, minutes

from .helpers import as_person, queries, report, text


@pytest.fixture
def night(world: World, frozen: Callable[[datetime], None]) -> Incident:
    """Reported on a Sunday at 03:00; the engineer on duty has been paged at once."""
    frozen(SUNDAY_NIGHT)
    incident = report(world.webshop, world.alice)
    advance_due(now=SUNDAY_NIGHT)
    return incident


def shown(incident: Incident, reader: Person, query: str = "", headers: dict[str, str] | None = None) -> str:
    return text(as_person(reader).get(f"/incidents/{incident.pk}/{query}", headers=headers))


def line_with(page: str, words: str) -> str:
    """The one line of the timeline that holds `words`, as plain text."""
    lines = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", line)) for line in page.split('<li id="line-')[1:]]
    (found,) = [line for line in lines if words in line]
    return found


def fill(incident: Incident, count: int, *, public: bool = True, by: Person | None = None) -> None:
    """So many notes, a minute apart."""
    TimelineEntry.objects.bulk_create(
        TimelineEntry(
            incident=incident,
            at=SUNDAY_NIGHT + minutes(number),
            kind="note",
            actor=by,
            data={"text": f"Note number {number}."},
            public=public,
        )
        for number in range(count)
    )


def away(person: Person, kind: str, begins: datetime, ends: datetime) -> None:
    record(Absence, by=None, now=BEGAN, person=person, kind=kind, period=DateTimeTZRange(begins, ends))


# --- Messages -------------------------------------------------------------------------------------------------


def test_a_page_tells_each_message_and_what_became_of_it(world: World, night: Incident) -> None:
    call = Delivery.objects.get(channel=Channel.VOICE)
    Delivery.objects.filter(pk=call.pk).update(state=Delivery.State.ACCEPTED, attempts=2, sent_at=SUNDAY_NIGHT)
    deliveries.undelivered(call, error="no-answer", now=SUNDAY_NIGHT + timedelta(seconds=40))
    line = line_with(shown(night, world.desk), "Marek Nightly paged")
    assert "call, Marek Nightly: failed : nobody picked up" in line
    assert "queued 03:00:00 · sent 03:00:00 · ended 03:00:40 · 2 attempts" in line
    assert "SMS, Marek Nightly: waits to be sent" in line
    assert "next attempt 03:00" in line
    assert "on duty according to the roster" in line


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("busy", "the line was busy"),
        (
            "30005: number is unknown or no longer in service",
            "the number is unknown or no longer in service (code 30005)",
        ),
        ("failed, SIP 404", "the network does not know the number (code SIP 404)"),
        ("99999: something about +49 171 39200 50 and x@y.example", "99999: something about … and …"),
    ],
)
def test_an_error_is_told_in_words_and_without_the_number(
    world: World, night: Incident, error: str, words: str
) -> None:
    call = Delivery.objects.get(channel=Channel.VOICE)
    deliveries.failed(call, error=error, now=SUNDAY_NIGHT, number=False)
    page = shown(night, world.desk)
    assert words in line_with(page, "Marek Nightly paged")
    assert PRIVATE not in page.replace(" ", "")


def test_who_is_told_that_it_is_taken_stands_where_it_was_taken(world: World, night: Incident) -> None:
    Delivery.objects.update(state=Delivery.State.DELIVERED, sent_at=SUNDAY_NIGHT, next_attempt_at=None)
    services.acknowledge(night, by=world.desk, now=SUNDAY_NIGHT + minutes(2))
    page = shown(night, world.desk)
    assert "Marek Nightly (told that no answer is needed any more)" in line_with(page, "Acknowledged by")
    assert "told that no answer is needed any more" not in line_with(page, "Marek Nightly paged")


def test_who_is_assigned_is_told_in_that_line(world: World, night: Incident) -> None:
    services.assign(night, assignee=world.sdm, by=world.desk, now=SUNDAY_NIGHT + minutes(2))
    assert "SMS, Jana Manager: waits to be sent" in line_with(shown(night, world.desk), "Assigned to Jana Manager")


def test_a_message_of_no_line_stands_under_the_line_before_it(world: World, night: Incident) -> None:
    page = night.escalation.pages.get()
    page.created_at = SUNDAY_NIGHT + timedelta(seconds=1)
    page.save()
    assert shown(night, world.desk).count("SMS, Marek Nightly") == 1
    assert "SMS, Marek Nightly" not in shown(night, world.desk, "?show=internal")


# --- Decisions ------------------------------------------------------------------------------------------------


def test_who_was_passed_over_why_and_until_when(world: World, frozen: Callable[[datetime], None]) -> None:
    frozen(TUESDAY)
    away(world.sdm, "short", TUESDAY, TUESDAY + minutes(90))
    incident = report(world.webshop, world.alice)
    advance_due(now=TUESDAY)
    line = line_with(shown(incident, world.desk), "passed over")
    assert "Service Delivery Manager Jana Manager passed over: in a meeting or on a break" in line
    assert "(until Tue 24 Nov, 11:30)" in line


def test_warnings_about_the_roster_are_told(world: World, frozen: Callable[[datetime], None]) -> None:
    frozen(SUNDAY_NIGHT)
    away(world.oncall, "day", SUNDAY_NIGHT - timedelta(days=1), SUNDAY_NIGHT + timedelta(days=1))
    incident = report(world.webshop, world.alice)
    advance_due(now=SUNDAY_NIGHT)
    line = line_with(shown(incident, world.desk), "Elif Nightly paged")
    assert "moved up from backup because the primary is away" in line
    assert "The primary is away; the backup moved up." in line


# --- Changes --------------------------------------------------------------------------------------------------


def test_each_change_tells_its_actor_and_what_was_before(world: World, night: Incident) -> None:
    at = SUNDAY_NIGHT
    services.acknowledge(night, by=world.oncall, now=at + minutes(1))
    services.start(night, by=world.oncall, now=at + minutes(2))
    services.assign(night, assignee=world.sdm, by=world.oncall, now=at + minutes(3))
    services.wait(night, by=world.sdm, now=at + minutes(4), question="Since when?")
    services.pass_on(night, by=world.sdm, now=at + minutes(5))
    services.resolve(night, by=world.desk, now=at + minutes(6), reason="Disk replaced")
    page = shown(night, world.desk)
    for words, told in {
        "Acknowledged by": "Status: new → acknowledged Assigned to: nobody → Marek Nightly",
        "Work in progress": "Status: acknowledged → in progress",
        "Assigned to Jana Manager": "Assigned to: Marek Nightly → Jana Manager",
        "Since when?": "Status: in progress → waiting",
        "Passed on": "Status: waiting → new Assigned to: Jana Manager → nobody",
        "Disk replaced": "Status: new → resolved Assigned to: nobody → Lukas Desk",
    }.items():
        assert told in line_with(page, words)
    assert "Jana Manager" in line_with(page, "Since when?")


def test_what_was_before_is_known_beyond_the_lines_shown(world: World, night: Incident) -> None:
    services.acknowledge(night, by=world.oncall, now=SUNDAY_NIGHT)
    fill(night, LINES, by=world.desk)
    services.start(night, by=world.oncall, now=SUNDAY_NIGHT + minutes(100))
    page = shown(night, world.desk)
    assert "Acknowledged by" not in page
    assert "Status: acknowledged → in progress" in line_with(page, "Work in progress")


# --- Filters --------------------------------------------------------------------------------------------------


@pytest.fixture
def mixed(world: World, night: Incident) -> Incident:
    services.add_note(night, by=world.desk, now=SUNDAY_NIGHT, text="For the customer", public=True)
    services.add_note(night, by=world.desk, now=SUNDAY_NIGHT, text="Between us", public=False)
    return night


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"For the customer", "Between us", "paged by", "Reported as"}),
        ("?show=public", {"For the customer", "Reported as"}),
        ("?show=internal", {"Between us", "paged by"}),
        ("?show=paging", {"paged by"}),
        ("?show=nonsense", {"For the customer", "Between us", "paged by", "Reported as"}),
    ],
)
def test_the_filter_stands_in_the_address(world: World, mixed: Incident, query: str, expected: set[str]) -> None:
    page = shown(mixed, world.desk, query)
    words = {"For the customer", "Between us", "paged by", "Reported as"}
    assert {each for each in words if each in page.split('id="lines"')[1]} == expected
    assert page.split('class="dd-story-filter"')[1].split("</nav>")[0].count("aria-current") == 1


def test_what_asks_again_keeps_the_filter(world: World, mixed: Incident) -> None:
    assert "?seen=new&amp;show=paging" in shown(mixed, world.desk, "?show=paging")
    part = shown(mixed, world.desk, "?seen=new&show=paging", headers={"HX-Request": "true"})
    assert "paged by" in part
    assert "Between us" not in part


def test_a_filter_that_leaves_nothing_says_so(world: World, frozen: Callable[[datetime], None]) -> None:
    frozen(TUESDAY)
    incident = report(world.webshop, world.alice, kind="request", topic=None)
    assert "There is no line of this kind." in shown(incident, world.desk, "?show=paging")


# --- Windows --------------------------------------------------------------------------------------------------


def walked(incident: Incident, reader: Person, query: str = "") -> Iterator[str]:
    """The page, and each that its link to earlier lines leads to."""
    client = as_person(reader)
    address: str | None = f"/incidents/{incident.pk}/{query}"
    while address:
        page = text(client.get(address))
        yield page
        link = re.search(r'<li id="earlier"[^>]*><a class="btn" href="([^"#]+)', page)
        address = link[1].replace("&amp;", "&") if link else None


def test_every_line_is_found_once_by_plain_links(world: World, night: Incident) -> None:
    fill(night, 3 * LINES, by=world.desk)
    advance_due(now=SUNDAY_NIGHT + minutes(31))
    pages = list(walked(night, world.desk))
    keys = [key for page in pages for key in re.findall(r'id="line-(\d+)"', page)]
    assert len(pages) == 4
    assert len(keys) == len(set(keys)) == night.timeline.count()
    assert sum(page.count("SMS, Marek Nightly") for page in pages) == 1
    assert "Newest lines" not in pages[0]
    assert "Newest lines" in pages[1]


def test_an_instant_is_never_cut_in_two(world: World, night: Incident) -> None:
    fill(night, 3, by=world.desk)
    same = [TimelineEntry(incident=night, at=SUNDAY_NIGHT + minutes(3), kind="started", data={}) for _ in range(10)]
    TimelineEntry.objects.bulk_create(same)
    TimelineEntry.objects.bulk_create(
        TimelineEntry(incident=night, at=SUNDAY_NIGHT + minutes(4), kind="note", data={"text": "x"}, public=True)
        for _ in range(LINES - 5)
    )
    first, second = list(walked(night, world.desk))
    assert "Work in progress" not in first
    assert second.count("Work in progress") == 10


def test_the_script_gets_the_lines_alone_and_no_heading_twice(world: World, night: Incident) -> None:
    fill(night, LINES + 20, by=world.desk)
    page = shown(night, world.desk)
    link = re.search(r'hx-get="([^"]+before=[^"]+)"', page)
    assert link
    address = link[1].replace("&amp;", "&")
    ask = {"HX-Request": "true", "HX-Target": "earlier"}
    part = text(as_person(world.desk).get(address, headers=ask))
    assert part.lstrip().startswith('<li id="line-')
    assert "day-2026-11-29" not in part
    assert 'id="live"' not in part
    assert part.count('<li id="line-') == night.timeline.count() - LINES


@pytest.mark.parametrize("before", ["", "0", "-1", "x", "9" * 30, "١٢", "1;2"])
def test_garbage_in_the_address_asks_for_the_newest_lines(world: World, night: Incident, before: str) -> None:
    assert "Reported as Blocker" in shown(night, world.desk, f"?before={before}")


def test_lines_stand_under_the_days_of_the_reader(world: World, night: Incident) -> None:
    services.add_note(night, by=world.desk, now=SUNDAY_NIGHT + timedelta(hours=22), text="Later", public=True)
    assert re.findall(r'id="day-([\d-]+)"', shown(night, world.desk)) == ["2026-11-30", "2026-11-29"]
    world.desk.zone = "America/New_York"
    world.desk.save()
    page = shown(night, world.desk)
    assert re.findall(r'id="day-([\d-]+)"', page) == ["2026-11-29", "2026-11-28"]
    assert "21:00:00" in line_with(page, "Reported as")


def test_two_thousand_lines_are_no_slower_than_two(world: World, night: Incident) -> None:
    """The same number of queries, and about the same time; most of a page's time is spent on what is shown."""
    client = as_person(world.desk)
    path = f"/incidents/{night.pk}/"

    def seconds() -> float:
        began = perf_counter()
        client.get(path)
        return perf_counter() - began

    fill(night, LINES + 1, by=world.desk)
    client.get(path)
    few, quick = queries(lambda: client.get(path)), min(seconds() for _ in range(5))
    fill(night, 2000, by=world.oncall)
    assert queries(lambda: client.get(path)) == few
    assert min(seconds() for _ in range(5)) < 2 * quick + 0.05


@pytest.mark.parametrize(("name", "budget"), [("desk", 20), ("alice", 14)])
@pytest.mark.parametrize("status", ["new", "waiting", "resolved"])
def test_the_page_keeps_to_its_budget_of_queries(
    world: World, night: Incident, name: str, budget: int, status: str
) -> None:
    advance_due(now=SUNDAY_NIGHT + minutes(31))
    services.add_note(night, by=world.sdm, now=SUNDAY_NIGHT, text="First look", public=True)
    if status != "new":
        services.acknowledge(night, by=world.oncall, now=SUNDAY_NIGHT + minutes(32))
    if status == "waiting":
        services.wait(night, by=world.oncall, now=SUNDAY_NIGHT + minutes(33), question="Since when?")
    if status == "resolved":
        services.resolve(night, by=world.oncall, now=SUNDAY_NIGHT + minutes(33), reason="done")
    client = as_person(getattr(world, name))
    path = f"/incidents/{night.pk}/"
    client.get(path)
    assert queries(lambda: client.get(path)) <= budget
    assert queries(lambda: client.get(path, headers={"HX-Request": "true"})) <= budget


# --- What moves -----------------------------------------------------------------------------------------------


def test_what_has_not_changed_is_not_sent_again(world: World, night: Incident) -> None:
    client = as_person(world.desk)
    path = f"/incidents/{night.pk}/?seen=new"
    ask = {"HX-Request": "true"}
    first = client.get(path, headers=ask)
    again = {**ask, "If-None-Match": first["ETag"]}
    assert client.get(path, headers=again).status_code == 304
    call = Delivery.objects.get(channel=Channel.VOICE)
    deliveries.undelivered(call, error="busy", now=SUNDAY_NIGHT)
    after = client.get(path, headers=again)
    assert after.status_code == 200
    assert "the line was busy" in text(after)


# --- Customers ------------------------------------------------------------------------------------------------

MARK = "Quittenbaum"


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_nothing_in_an_address_or_header_gives_customers_more(world: World, mixed: Incident, name: str) -> None:
    fill(mixed, LINES, by=world.desk)
    services.add_note(mixed, by=world.desk, now=SUNDAY_NIGHT, text=f"{MARK} internal", public=False)
    advance_due(now=SUNDAY_NIGHT + minutes(31))
    deliveries.undelivered(
        Delivery.objects.filter(channel=Channel.VOICE).earliest("pk"), error="busy", now=SUNDAY_NIGHT
    )
    newest = mixed.timeline.latest("pk").pk
    client = as_person(getattr(world, name))
    asks: list[dict[str, str]] = [
        {},
        {"HX-Request": "true"},
        {"HX-Request": "true", "HX-Target": "earlier"},
        {"HX-Request": "true", "HX-Target": "lines", "If-None-Match": "*"},
    ]
    shows = ["", "public", "internal", "paging", "all", "INTERNAL"]
    seen = 0
    for headers in asks:
        for show in shows:
            for before in ("", str(newest), str(newest + 1)):
                query = {"show": show, "before": before, "timeline": "all", "public": "", "day": "2026-11-29"}
                answer = client.get(f"/incidents/{mixed.pk}/", query, headers=headers)
                body = text(answer)
                seen += "Note number" in body
                for mark in (MARK, "Between us", "Nightly", "paged by", "Who is called", "the line was busy", "→"):
                    assert mark not in body, (mark, headers, query)
    assert seen > 50


def test_customers_have_no_filter(world: World, mixed: Incident) -> None:
    assert "show=" not in shown(mixed, world.alice)
    assert "For the customer" in shown(mixed, world.alice, "?show=internal")
