"""Reports as people read them: figures lead to what they count, and nobody reads another's customer."""

import csv
import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from random import Random
from typing import Any

import pytest
from django.test import Client
from psycopg2.extras import DateTimeTZRange

from matrix.models import MatrixVersion, PriorityTerms
from matrix.terms import Role
from portal.models import Assignment, Customer, Installation, Person, WeeklyOpening
from portal.services import record, retire
from routing.incidents import services
from routing.incidents.models import Incident, Status
from routing.models import Escalation, Page
from routing.paging.calling import callee_of
from routing.paging.escalating import advance_due
from routing.paging.services import answer_page, pass_on_page
from routing.reports.figures import Counted, Outcome
from routing.reports.periods import Span
from routing.reports.queries import cases_of, customers_for, years_of
from tests.people import BEGAN, BERLIN, SUNDAY_NIGHT, World, make_person, make_project, minutes
from tests.routing.pages.helpers import as_person, queries, report, text

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=BERLIN)
TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=BERLIN)
MONTH = "/reports/alster/2026-11/"
Freeze = Callable[[datetime], None]


@pytest.fixture(autouse=True)
def _today(frozen: Freeze) -> None:
    frozen(NOW)


def a_night(world: World) -> Incident:
    """Monitoring on a Sunday night: the backup takes it after half an hour, and it is over an hour later."""
    incident = report(world.webshop, world.alice, source=Incident.Source.MONITORING, now=SUNDAY_NIGHT)
    advance_due(now=SUNDAY_NIGHT)
    advance_due(now=SUNDAY_NIGHT + minutes(30))
    page = Page.objects.get(escalation__incident=incident, role="on_call_backup")
    answer_page(page, person=world.backup, now=SUNDAY_NIGHT + minutes(33), via="voice")
    services.resolve(incident, by=world.backup, now=SUNDAY_NIGHT + minutes(90), reason="Restarted")
    return incident


def many(world: World, count: int, *, seed: int = 7) -> None:
    """Incidents and requests of every kind between September and November, some with pages."""
    rng = Random(seed)
    erp = make_project(world.office, world.alster, "erp", world.desk_team, world.platform)
    version = world.versions["webshop"]
    rows = []
    for _number in range(count):
        at = datetime(2026, 9, 1, tzinfo=BERLIN) + timedelta(minutes=rng.randrange(90 * 24 * 60))
        answered = at + timedelta(minutes=rng.randrange(1, 200)) if rng.random() < 0.8 else None
        restored = at + timedelta(minutes=rng.randrange(1, 3000)) if rng.random() < 0.7 else None
        rows.append(
            Incident(
                project=rng.choice([world.webshop, erp]),
                priority=rng.choice(["blocker", "critical", "major", "minor"]),
                kind=rng.choice(["incident", "incident", "incident", "request"]),
                title="Something",
                source="portal",
                matrix_version=version,
                reported_at=at,
                created_at=at,
                respond_by=rng.choice([None, at + timedelta(minutes=60), at + timedelta(days=60)]),
                responded_at=answered,
                resolve_by=rng.choice([None, at + timedelta(minutes=1200), at + timedelta(days=60)]),
                restored_at=restored,
                status=Status.RESOLVED if restored else rng.choice([Status.ACKNOWLEDGED, Status.WAITING]),
            )
        )
    for incident in Incident.objects.bulk_create(rows):
        if rng.random() < 0.4:
            _paged(incident, world, rng)


def _paged(incident: Incident, world: World, rng: Random) -> None:
    chain = Escalation.objects.create(
        incident=incident, state="acknowledged", route="monitoring", started_at=incident.reported_at
    )
    for step, (role, person) in enumerate((("on_call_primary", world.oncall), ("on_call_backup", world.backup))):
        Page.objects.create(
            escalation=chain,
            round=1,
            route="monitoring",
            step=step,
            role=role,
            recipient=f"person:{person.pk}",
            person=person,
            name=person.name,
            state=rng.choice(["closed", "acknowledged", "passed_on"]),
            decision={},
            created_at=incident.reported_at,
            answered_at=incident.reported_at + timedelta(minutes=rng.randrange(600)),
        )
        if rng.random() < 0.5:
            return


def figures_in(shown: str) -> list[tuple[str, str]]:
    """Every figure of the page that leads to a list: its address, and what it says."""
    found = re.findall(r'<a href="(/reports/[^"]*/incidents/[^"]*)">([^<]*)</a>', shown)
    return [(unescape(address), unescape(said)) for address, said in found]


def counted(shown: str) -> int:
    summary = re.search(r'id="summary">(\d+)', shown)
    assert summary
    return int(summary[1])


@pytest.mark.parametrize("period", ["2026", "2026-11"])
def test_every_figure_leads_to_as_many_incidents(world: World, period: str) -> None:
    """Of a page's hundred or more, some of each kind; `test_figures` has the rule for any."""
    many(world, 120)
    client = as_person(world.desk)
    links = sorted(set(figures_in(text(client.get(f"/reports/alster/{period}/")))))
    assert sum(said.isdecimal() for _address, said in links) > 25
    for address, said in links[::4]:
        found = counted(text(client.get(address)))
        assert found == int(said) if said.isdecimal() else found > 0, (address, said)


def test_the_list_shows_each_of_them_once(world: World) -> None:
    many(world, 120)
    client = as_person(world.desk)
    numbers: list[str] = []
    address = f"{MONTH}incidents/?page="
    for page in (1, 2, 3):
        shown = text(client.get(f"{address}{page}"))
        if int(re.findall(r"Page (\d+) of", shown)[0] if "Page " in shown else 1) == page:
            numbers += re.findall(r'href="/incidents/(\d+)/"', shown)
    assert len(numbers) == len(set(numbers)) == counted(text(client.get(f"{MONTH}incidents/")))


def test_a_night_in_figures(world: World) -> None:
    incident = a_night(world)
    report(world.webshop, world.alice, priority="minor", now=TUESDAY, take=False)
    shown = text(as_person(world.desk).get(MONTH))
    assert "33 min" in shown
    links = dict(reversed(figures_in(shown)))
    for query in ("to_backup=1", "called_out=1", "priority=blocker", "response=met", "resolution=met"):
        assert f"{MONTH}incidents/?{query}" in links, query
    listed = text(as_person(world.desk).get(f"{MONTH}incidents/?called_out=1"))
    assert "1 call-out in 1 incident" in listed
    assert f'href="/incidents/{incident.pk}/"' in listed


def test_a_page_answered_in_the_office_is_no_call_out(world: World) -> None:
    incident = report(world.webshop, world.alice, source=Incident.Source.MONITORING, now=TUESDAY)
    advance_due(now=TUESDAY)
    page = Page.objects.get(escalation__incident=incident, role="on_call_primary")
    answer_page(page, person=world.oncall, now=TUESDAY + minutes(2), via="voice")
    assert "called_out=1" not in " ".join(address for address, _said in figures_in(text(month(world))))


@pytest.mark.parametrize(("comes", "call_outs"), [(True, 2), (False, 1)])
def test_who_is_called_in_is_no_escalation_and_a_call_out_if_they_come(
    world: World, comes: bool, call_outs: int
) -> None:
    incident = report(world.webshop, world.alice, source=Incident.Source.MONITORING, now=SUNDAY_NIGHT)
    advance_due(now=SUNDAY_NIGHT)
    page = Page.objects.get(escalation__incident=incident, role="on_call_primary")
    answer_page(page, person=world.oncall, now=SUNDAY_NIGHT + minutes(2), via="voice")
    asked, now = callee_of(world.backup), SUNDAY_NIGHT + minutes(5)
    called = services.call_in(incident, callee=asked, role=Role.ON_CALL_BACKUP, by=world.oncall, now=now)
    answer = answer_page if comes else pass_on_page
    answer(called, person=world.backup, now=SUNDAY_NIGHT + minutes(7), via="voice")
    [case] = november(world)
    assert (case.to_backup, case.call_outs) == (False, call_outs)


def test_what_was_merged_counts_once_with_its_pages(world: World) -> None:
    original = report(world.webshop, world.alice, source=Incident.Source.MONITORING, now=SUNDAY_NIGHT - minutes(9))
    incident = report(world.webshop, world.alice, source=Incident.Source.MONITORING, now=SUNDAY_NIGHT)
    advance_due(now=SUNDAY_NIGHT)
    advance_due(now=SUNDAY_NIGHT + minutes(30))
    page = Page.objects.get(escalation__incident=incident, role="on_call_backup")
    answer_page(page, person=world.backup, now=SUNDAY_NIGHT + minutes(33), via="voice")
    services.relate(incident, report(world.webshop, world.alice, now=TUESDAY), by=world.desk, now=SUNDAY_NIGHT)
    page = Page.objects.get(escalation__incident=original, role="on_call_primary")
    answer_page(page, person=world.oncall, now=SUNDAY_NIGHT + minutes(34), via="voice")
    assert len(november(world)) == 3
    services.merge(incident, original, by=world.backup, now=SUNDAY_NIGHT + minutes(40))
    told = [(case.number, case.to_backup, case.call_outs) for case in november(world)]
    assert told[0] == (original.pk, True, 2)
    assert [each[1:] for each in told[1:]] == [(False, 0)]


def november(world: World) -> list[Counted]:
    """What the customer's report of the month counts."""
    span = Span(2026, 11)
    return cases_of(world.alster, span, zone=BERLIN, now=NOW)[span.months[0]]


def month(world: World) -> Any:
    return as_person(world.desk).get(MONTH)


def test_support_hours_are_those_of_the_time(world: World) -> None:
    """Whoever changes the hours today does not change what was a call-out in a month that is over."""
    evening = datetime(2026, 10, 6, 19, 0, tzinfo=BERLIN)
    incident = report(world.webshop, world.alice, source=Incident.Source.MONITORING, now=evening)
    advance_due(now=evening)
    page = Page.objects.get(escalation__incident=incident, role="on_call_primary")
    answer_page(page, person=world.oncall, now=evening + minutes(2), via="voice")
    a_night(world)
    late_hours = WeeklyOpening.objects.filter(hours=world.office)
    for row in late_hours:
        retire(row, by=None, now=datetime(2026, 11, 10, 12, tzinfo=BERLIN))
        record(
            WeeklyOpening,
            by=None,
            now=datetime(2026, 11, 10, 12, tzinfo=BERLIN),
            hours=world.office,
            weekday=row.weekday,
            opens=row.opens,
            closes=row.closes.replace(hour=22),
        )
    by_month = cases_of(world.alster, Span(2026), zone=BERLIN, now=NOW)
    outs = {str(each): sum(case.call_outs for case in cases) for each, cases in by_month.items()}
    assert (outs["2026-10"], outs["2026-11"]) == (1, 1)


def test_months_begin_at_the_offices_midnight(world: World) -> None:
    for at in (datetime(2026, 10, 31, 23, 59, tzinfo=BERLIN), datetime(2026, 11, 1, 0, 0, tzinfo=BERLIN)):
        report(world.webshop, world.alice, now=at)
    client = as_person(world.desk)
    assert counted(text(client.get("/reports/alster/2026-10/incidents/"))) == 1
    assert counted(text(client.get(f"{MONTH}incidents/"))) == 1
    Installation.objects.update(zone="UTC")
    assert counted(text(client.get("/reports/alster/2026-10/incidents/"))) == 2


def test_requests_are_listed_apart(world: World) -> None:
    report(world.webshop, world.alice, now=TUESDAY)
    report(world.webshop, world.alice, now=TUESDAY, kind=Incident.Kind.REQUEST, priority="minor")
    client = as_person(world.desk)
    assert counted(text(client.get(f"{MONTH}incidents/"))) == 1
    assert counted(text(client.get(f"{MONTH}incidents/?kind=request"))) == 1
    assert f"{MONTH}incidents/?kind=request" in dict(figures_in(text(client.get(MONTH))))


def test_what_waits_for_the_customer_is_not_late(world: World) -> None:
    at = datetime(2026, 11, 3, 10, 0, tzinfo=BERLIN)
    incident = report(world.webshop, world.alice, now=at)
    services.acknowledge(incident, by=world.desk, now=at + minutes(5))
    services.wait(incident, by=world.desk, now=at + minutes(10), question="Which page?")
    client = as_person(world.desk)
    assert counted(text(client.get(f"{MONTH}incidents/?resolution=running"))) == 1
    Incident.objects.update(resolve_by=at + minutes(9))  # had passed before anybody asked
    assert counted(text(client.get(f"{MONTH}incidents/?resolution=missed"))) == 1
    Incident.objects.update(resolve_by=at + minutes(360))
    strict = MatrixVersion.objects.create(matrix=world.webshop.matrix)
    PriorityTerms.objects.create(version=strict, priority="blocker", response_minutes=60, pauses_while_waiting=False)
    Incident.objects.update(matrix_version=strict)
    assert counted(text(client.get(f"{MONTH}incidents/?resolution=missed"))) == 1


def test_a_month_under_way_says_so(world: World, frozen: Freeze) -> None:
    a_night(world)
    assert "November 2026 so far" in text(month(world))
    assert "so far" not in text(as_person(world.desk).get("/reports/alster/2026-10/"))
    client = as_person(world.desk)
    assert client.get("/reports/alster/2026-10/").context["after"]["url"] == MONTH
    assert client.get(MONTH).context["after"] is None  # there is nothing to read in the next month yet
    assert client.get("/reports/alster/2026/").context["after"] is None
    assert "has not begun yet" in text(as_person(world.desk).get("/reports/alster/2027-03/"))
    frozen(datetime(2026, 12, 1, 0, 0, tzinfo=BERLIN))
    assert "so far" not in text(month(world))


def test_nothing_to_count_is_said(world: World) -> None:
    Customer.objects.create(key="empty", name="Empty & Sons")
    client = as_person(world.desk)
    assert "has no project yet" in text(client.get("/reports/empty/2026-11/"))
    assert "Nothing was reported in this time." in text(month(world))
    assert "Empty &amp; Sons" in text(client.get("/reports/"))
    for period in ("2026", "2026-11", "2027-01"):
        assert client.get(f"/reports/empty/{period}/report.pdf").content.startswith(b"%PDF-")
        assert client.get(f"/reports/empty/{period}/incidents/").status_code == 200
        assert client.get(f"/reports/empty/{period}/incidents.csv").content.count(b"\r\n") == 1


@pytest.mark.parametrize("period", ["2026-13", "0000", "november", "2026-11-24", "2100", "%00", "..", "2026-1"])
def test_garbage_in_the_address_is_not_found(world: World, period: str) -> None:
    client = as_person(world.desk)
    for rest in ("", "report.pdf", "incidents.csv", "incidents/"):
        assert client.get(f"/reports/alster/{period}/{rest}").status_code in (400, 404)


def test_garbage_in_the_filter_filters_nothing(world: World) -> None:
    report(world.webshop, world.alice, now=TUESDAY)
    client = as_person(world.desk)
    for query in ("priority=x", "response=%27", "project=kundenportal", "page=-1", "page=x", "kind=all"):
        assert counted(text(client.get(f"{MONTH}incidents/?{query}"))) == 1, query


def test_a_brm_reads_the_customers_they_look_after(world: World) -> None:
    stranger = make_person("other@example.com", "Other Business", 41)
    past = DateTimeTZRange(BEGAN, BEGAN + timedelta(days=90))
    record(Assignment, by=None, now=BEGAN, project=world.webshop, role="brm", person=stranger, order=2, valid=past)
    Assignment.objects.filter(person=world.brm, project=world.kundenportal).delete()
    assert as_person(world.brm).get(MONTH).status_code == 200
    assert as_person(world.brm).get("/reports/seeburg/2026-11/").status_code == 404
    assert "Stadtwerke" not in text(as_person(world.brm).get("/reports/"))
    assert as_person(stranger).get(MONTH).status_code == 404
    assert "No report for you yet" in text(as_person(stranger).get("/reports/"))


@pytest.mark.parametrize("name", ["alice", "bob", "charlie"])
def test_customers_read_no_report(world: World, name: str) -> None:
    a_night(world)
    person: Person = getattr(world, name)
    assert not customers_for(person, now=NOW)
    for rest in ("", "report.pdf", "incidents.csv", "incidents/"):
        assert as_person(person).get(f"{MONTH}{rest}").status_code == 404
    assert Client().get(MONTH).status_code == 302


@pytest.mark.parametrize("rest", ["", "incidents/", "incidents.csv"])
def test_no_person_is_named(world: World, rest: str) -> None:
    """Team aggregates only: neither who answered nor who did not is anywhere in a report."""
    a_night(world)
    world.admin.name = "Reader"
    world.admin.save()
    shown = text(as_person(world.admin).get(f"{MONTH}{rest}"))
    for person in Person.objects.exclude(pk=world.admin.pk):
        assert person.name not in shown
        assert person.email not in shown


def test_the_csv_has_a_row_for_each_and_no_formula(world: World) -> None:
    many(world, 60)
    report(world.webshop, world.alice, now=TUESDAY, title='=HYPERLINK("http://evil.example","click")')
    report(world.webshop, world.alice, now=TUESDAY, title=' @SUM(1+1), "quoted"')
    client = as_person(world.desk)
    response = client.get(f"{MONTH}incidents.csv")
    assert response["Content-Type"].startswith("text/csv")
    assert 'filename="alster-2026-11.csv"' in response["Content-Disposition"]
    content = response.content.decode("utf-8-sig")
    assert content.count("\n") == content.count("\r\n")
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    assert len(rows) == counted(text(client.get(f"{MONTH}incidents/")))
    assert {'\'=HYPERLINK("http://evil.example","click")', '\' @SUM(1+1), "quoted"'} <= {row["title"] for row in rows}
    for outcome in Outcome:
        told = sum(row["response"] == outcome for row in rows)
        assert counted(text(client.get(f"{MONTH}incidents/?response={outcome}"))) == told
        narrowed = client.get(f"{MONTH}incidents.csv?response={outcome}").content
        assert narrowed.count(b"\r\n") == told + 1


def test_the_years_of_all_customers_agree_with_each_ones_own(world: World) -> None:
    many(world, 120)
    zone = BERLIN
    span = Span(2026)
    years = years_of(Customer.objects.all(), starts=span.starts(zone), ends=span.ends(zone), now=NOW)
    for year in years:
        by_month = cases_of(year.customer, span, zone=zone, now=NOW)
        cases = [case for each in span.months for case in by_month[each] if not case.request]
        outcomes = [case.response(NOW) for case in cases]
        assert year.incidents == len(cases)
        assert (year.met, year.missed) == (outcomes.count(Outcome.MET), outcomes.count(Outcome.MISSED))
    assert {year.customer.key: year.incidents > 0 for year in years} == {"alster": True, "seeburg": False}


@pytest.mark.parametrize(
    "path", ["/reports/", "/reports/alster/2026/", MONTH, f"{MONTH}incidents/", f"{MONTH}report.pdf"]
)
def test_queries_do_not_grow_with_the_incidents(world: World, path: str) -> None:
    client = as_person(world.desk)
    many(world, 30)
    few = queries(lambda: client.get(path))
    Incident.objects.bulk_create(
        Incident(
            project=world.webshop, priority="minor", title="x", source="api", reported_at=TUESDAY, created_at=TUESDAY
        )
        for _number in range(40)
    )
    assert queries(lambda: client.get(path)) == few <= 20


@pytest.mark.parametrize(("language", "title"), [("de", "Servicebericht"), ("en", "Service-report")])
def test_the_pdf_is_a_file_to_keep(world: World, language: str, title: str) -> None:
    a_night(world)
    client = as_person(world.desk)
    response = client.get(f"{MONTH}report.pdf?lang={language}")
    assert response["Content-Type"] == "application/pdf"
    assert f'filename="{title}-alster-2026-11.pdf"' in response["Content-Disposition"]
    unchanged = client.get(f"{MONTH}report.pdf?lang={language}", headers={"If-None-Match": response["ETag"]})
    assert unchanged.status_code == 304
