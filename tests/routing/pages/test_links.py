"""The link in a message."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Count
from django.test import Client

from portal import clock
from portal.models import Person
from routing.incidents import services
from routing.incidents.models import Incident
from routing.paging.bundles import told_together
from routing.paging.escalating import advance_due
from routing.paging.messages import matters
from routing.paging.models import Delivery, Escalation, Page
from tests.people import PRIVATE, World, make_world
from tests.routing.paging.test_races import at_once

from .helpers import queries, report, text


@pytest.fixture
def page(world: World) -> Page:
    """The on-call engineer was paged at night (monitoring pages at any hour)."""
    report(world.webshop, world.alice, source="monitoring", title="Disk full", description="A secret of the customer")
    advance_due(now=clock.now(), limit=10)
    return Page.objects.get(person=world.oncall)


def test_it_says_what_the_message_said_and_no_more(world: World, page: Page) -> None:
    response = Client().get(f"/a/{page.token}/")
    shown = text(response)
    assert all(words in shown for words in ("Disk full", "webshop", "Blocker", "Acknowledge", "Pass on"))
    for words in ("A secret", "Alster", "Marek", "Elif", PRIVATE, "Timeline"):
        assert words not in shown
    assert response["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response["X-Robots-Tag"]
    assert "no-store" in response["Cache-Control"]


def test_reading_it_changes_nothing(page: Page) -> None:
    """Messengers fetch links to show a preview."""
    for _ in range(2):
        Client().get(f"/a/{page.token}/")
        Client().head(f"/a/{page.token}/")
    assert Client().get(f"/a/{page.token}/acknowledge/").status_code == 405
    page.refresh_from_db()
    assert (page.state, page.escalation.incident.status) == ("open", "new")


def test_one_tap_acknowledges_for_the_person_paged(world: World, page: Page) -> None:
    # As a browser sends it under `no-referrer`.
    client = Client(enforce_csrf_checks=True, headers={"Origin": "null"})
    response = client.post(f"/a/{page.token}/acknowledge/", follow=True)
    assert "You took it" in text(response)
    incident = page.escalation.incident
    incident.refresh_from_db()
    assert (incident.status, incident.assignee) == ("acknowledged", world.oncall)
    assert incident.timeline.get(kind="acknowledged").data == {"via": "link"}


def test_one_tap_passes_on(world: World, page: Page) -> None:
    shown = text(Client().post(f"/a/{page.token}/pass-on/", follow=True))
    assert "passed on to the next" in shown
    advance_due(now=clock.now(), limit=10)
    assert Page.objects.filter(person=world.backup).exists()


def test_who_is_slower_reads_who_took_it(world: World, page: Page) -> None:
    services.acknowledge(page.escalation.incident, by=world.backup, now=clock.now())
    shown = text(Client().post(f"/a/{page.token}/acknowledge/", follow=True))
    assert "Taken by Elif Nightly" in shown
    page.escalation.incident.refresh_from_db()
    assert page.escalation.incident.assignee == world.backup


def test_what_is_over_says_so(world: World, page: Page) -> None:
    services.resolve(page.escalation.incident, by=world.backup, now=clock.now(), reason="Space freed")
    shown = text(Client().get(f"/a/{page.token}/"))
    assert "It is over" in shown
    assert "<form" not in shown.split("<main", 1)[1]


def test_what_was_merged_says_where_it_goes_on(world: World, page: Page) -> None:
    original = report(world.webshop, world.alice)
    services.merge(page.escalation.incident, original, by=world.desk, now=clock.now())
    shown = text(Client().get(f"/a/{page.token}/"))
    assert f"It goes on as incident {original.number}." in shown
    assert "resolved" not in shown
    found = Page.objects.filter(pk=page.pk).select_related("escalation__incident__project")
    assert [each.merged_into for each in matters(found)] == [original.number]


def test_who_took_it_over_from_a_team_is_said_with_the_time_of_that(world: World, page: Page) -> None:
    incident, now = page.escalation.incident, clock.now()
    services.assign(incident, assignee=world.platform, by=world.desk, now=now)
    services.acknowledge(incident, by=world.backup, now=now + timedelta(minutes=20))
    told = {each.incident: each for each in told_together(page)}[incident]
    assert (told.by, told.at) == (world.backup.name, now + timedelta(minutes=20))


@pytest.mark.parametrize("action", ["acknowledge", "pass-on"])
def test_after_a_day_the_link_only_tells(page: Page, action: str) -> None:
    Page.objects.filter(pk=page.pk).update(created_at=clock.now() - timedelta(hours=24, seconds=1))
    shown = text(Client().post(f"/a/{page.token}/{action}/", follow=True))
    assert "expired" in shown
    assert "/incidents/" in shown
    page.escalation.incident.refresh_from_db()
    assert page.escalation.incident.status == "new"


def test_a_guess_finds_nothing(page: Page) -> None:
    assert Client().get("/a/AAAAAAAAAAAAAAAA/").status_code == 404
    assert Client().post("/a/AAAAAAAAAAAAAAAA/acknowledge/").status_code == 404
    assert Client().get(f"/a/{page.token.swapcase()}/").status_code == 404


# --- Whose link it is -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_the_link_of_somebody_who_left_tells_and_does_nothing(
    world: World, page: Page, change: dict[str, bool]
) -> None:
    Person.objects.filter(pk=world.oncall.pk).update(**change)
    response = Client().get(f"/a/{page.token}/")
    assert response.status_code == 410
    for words in ("Disk full", "webshop", "Blocker", f"/incidents/{page.escalation.incident_id}/"):
        assert words not in text(response)
    for action in ("acknowledge", "pass-on"):
        Client().post(f"/a/{page.token}/{action}/")
    page.refresh_from_db()
    assert (page.state, page.escalation.incident.status) == ("open", "new")


def test_a_link_that_expired_tells_no_more_of_the_incident(world: World, page: Page) -> None:
    Page.objects.filter(pk=page.pk).update(created_at=clock.now() - timedelta(hours=24, seconds=1))
    response = Client().get(f"/a/{page.token}/")
    assert response.status_code == 410
    assert "Disk full" not in text(response)
    assert f'href="/incidents/{page.escalation.incident_id}/"' in text(response)


def test_the_way_to_more_leads_over_the_sign_in(page: Page) -> None:
    response = Client().get(f"/incidents/{page.escalation.incident_id}/")
    assert response["Location"] == f"/accounts/login/?next=/incidents/{page.escalation.incident_id}/"


def test_it_speaks_the_language_of_its_message(world: World, page: Page) -> None:
    Person.objects.filter(pk=world.oncall.pk).update(language="de")
    response = Client(headers={"Accept-Language": "en"}).get(f"/a/{page.token}/")
    assert '<html lang="de">' in text(response)
    assert response["Content-Language"] == "de"
    client = Client()
    client.cookies["django_language"] = "en"
    assert '<html lang="en">' in text(client.get(f"/a/{page.token}/"))


def test_its_times_are_those_of_its_recipient(world: World, page: Page) -> None:
    Person.objects.filter(pk=world.oncall.pk).update(zone="Asia/Tokyo")
    shown = text(Client().get(f"/a/{page.token}/"))
    assert f"{page.created_at.astimezone(ZoneInfo('Asia/Tokyo')):%H:%M}</time>" in shown


def test_nothing_on_it_needs_a_session(page: Page) -> None:
    """Under `no-referrer` a browser names no origin, and every form that needs one would be refused."""
    client = Client()
    client.force_login(Person.objects.get(email="oncall@example.com"))
    shown = text(client.get(f"/a/{page.token}/"))
    assert set(re.findall(r'action="([^"]+)"', shown)) == {
        f"/a/{page.token}/acknowledge/",
        f"/a/{page.token}/pass-on/",
    }


def test_guessing_is_slow(world: World, page: Page) -> None:
    client = Client()
    for number in range(20):
        assert client.get(f"/a/guess{number}/").status_code == 404
    refused = client.get("/a/guess/")
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
    # Not even a right guess is told from a wrong one then; others, and their links, are not touched.
    assert client.get(f"/a/{page.token}/").status_code == 429
    assert client.post(f"/a/{page.token}/acknowledge/").status_code == 429
    assert Client(REMOTE_ADDR="192.0.2.7").get(f"/a/{page.token}/").status_code == 200


def test_what_cannot_be_passed_on_says_so(page: Page) -> None:
    Escalation.objects.filter(pk=page.escalation_id).update(state="deferred", due_at=clock.now())
    shown = text(Client().post(f"/a/{page.token}/pass-on/", follow=True))
    assert "cannot be passed on now" in shown


# --- Several in one message -------------------------------------------------------------------------------------


@pytest.fixture
def bundle(world: World, page: Page) -> list[Page]:
    """A second alert joined the first one's messages before they left; both went out as one."""
    report(world.webshop, world.alice, source="monitoring", title="Shop is slow", priority="critical")
    advance_due(now=clock.now(), limit=10)
    assert Delivery.objects.annotate(told=Count("pages")).filter(told=2).count() == 2
    Delivery.objects.update(state="delivered")
    return list(Page.objects.filter(person=world.oncall).order_by("pk"))


def test_a_link_shows_all_that_its_message_told(bundle: list[Page]) -> None:
    shown = text(Client().get(f"/a/{bundle[0].token}/"))
    assert shown.index("Disk full") < shown.index("Shop is slow")
    assert "Acknowledge all 2" in shown
    assert "Acknowledge all 2" in text(Client().get(f"/a/{bundle[1].token}/"))


def test_all_are_acknowledged_in_one_go(world: World, bundle: list[Page]) -> None:
    numbers = [page.escalation.incident_id for page in bundle]
    shown = text(Client().post(f"/a/{bundle[0].token}/acknowledge/", {"number": numbers}, follow=True))
    assert shown.count("You took it") == 2
    assert list(Incident.objects.values_list("assignee", flat=True)) == [world.oncall.pk] * 2


def test_one_of_them_may_be_acknowledged_alone(world: World, bundle: list[Page]) -> None:
    first, second = (page.escalation.incident for page in bundle)
    Client().post(f"/a/{bundle[0].token}/acknowledge/", {"number": second.pk})
    Client().post(f"/a/{bundle[0].token}/pass-on/", {"number": "\x00"})
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("new", "acknowledged")


def test_whoever_was_faster_with_one_of_them_is_named(world: World, bundle: list[Page]) -> None:
    services.acknowledge(bundle[1].escalation.incident, by=world.backup, now=clock.now())
    numbers = [page.escalation.incident_id for page in bundle]
    shown = text(Client().post(f"/a/{bundle[0].token}/acknowledge/", {"number": numbers}, follow=True))
    assert ("You took it" in shown, "Taken by Elif Nightly" in shown) == (True, True)


def test_a_link_answers_nothing_its_message_did_not_tell(world: World, page: Page) -> None:
    """Neither an incident of somebody else, nor one whose message has not left yet."""
    other = report(world.webshop, world.alice, source="monitoring", title="Shop is slow")
    advance_due(now=clock.now(), limit=10)
    assert "Shop is slow" not in text(Client().get(f"/a/{page.token}/"))
    Client().post(f"/a/{page.token}/acknowledge/", {"number": other.pk})
    other.refresh_from_db()
    assert other.status == "new"


def test_a_bundle_takes_as_many_queries_as_one(world: World, page: Page) -> None:
    def count() -> int:
        return queries(lambda: Client().get(f"/a/{page.token}/"))

    Delivery.objects.update(state="delivered")
    single = count()
    Delivery.objects.update(state="queued")
    for number in range(5):
        report(world.webshop, world.alice, source="monitoring", title=f"Alert {number}")
    advance_due(now=clock.now(), limit=10)
    Delivery.objects.update(state="delivered")
    assert "6 alerts" in text(Client().get(f"/a/{page.token}/"))
    assert count() == single <= 10


@pytest.mark.django_db(transaction=True)
def test_two_taps_and_a_faster_colleague_make_one_answer() -> None:
    world = make_world()
    report(world.webshop, world.alice, source="monitoring")
    advance_due(now=clock.now(), limit=10)
    page = Page.objects.get(person=world.oncall)

    def tap() -> None:
        assert Client().post(f"/a/{page.token}/acknowledge/", follow=True).status_code == 200

    def take() -> None:
        services.acknowledge(page.escalation.incident, by=world.backup, now=clock.now())

    at_once(tap, take, tap)
    incident = Incident.objects.get()
    assert incident.status == "acknowledged"
    assert incident.timeline.filter(kind="acknowledged").count() == 1
