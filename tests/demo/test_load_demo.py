"""The demo provider: what it holds, what it answers, and that loading it again changes nothing."""

import json
import stat
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client
from django.urls import NoReverseMatch, reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from demo.loading import Loaded, load
from demo.loading.customers import demo_pin
from demo.loading.history import HISTORY
from demo.loading.hours import add_personal
from demo.loading.people import PASSWORD
from demo.management.commands.load_demo import summary
from demo.personas import ROLES, personas
from demo.provider import provider
from matrix.models import Cell, Matrix, MatrixVersion, Topic
from matrix.services import findings
from matrix.terms import Channel, Priority, Role, Route
from oncall.models import Rota
from oncall.queries import rota_facts
from oncall.rotation import duty_at
from portal import clock
from portal.hours import local_instant
from portal.models import (
    Assignment,
    Contact,
    Customer,
    DatedOpening,
    EscalationManager,
    Installation,
    Maintenance,
    Membership,
    Person,
    Project,
    SupportHours,
    WeeklyOpening,
)
from portal.services import retire
from routing.decide import decide
from routing.decision import Decision, Reason, Source
from routing.gather import gather
from routing.incidents.models import Status
from routing.incidents.wording import SENTENCES
from routing.intake.services import find_key
from routing.models import Alarm, ContactMethod, Delivery, Escalation, Incident, IntakeKey, Page, TimelineEntry

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 18, 22, tzinfo=UTC)  # a Monday
LAST_SUNDAY = datetime(2026, 11, 22, 3, tzinfo=BERLIN)
STRANGER = "demir@nordhafen.example"
OTHER_DAYS = [
    datetime(2026, 11, 25, 9, 59, tzinfo=BERLIN),  # a minute before a handover
    datetime(2026, 11, 25, 10, 0, tzinfo=BERLIN),
    datetime(2027, 1, 4, 0, 30, tzinfo=BERLIN),  # after the holidays, on a Monday before the opening
    datetime(2027, 3, 28, 3, 0, tzinfo=BERLIN),  # a Sunday, the minute after the clocks were changed
]


@pytest.fixture
def tokens_file(tmp_path: Path) -> Path:
    return tmp_path / "local" / "tokens.json"


@pytest.fixture
def loaded(db: None, tokens_file: Path) -> Loaded:
    return load(provider(), now=NOW, tokens_file=tokens_file)


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in apps.get_models()}


def decision(key: str, priority: str, at: datetime, source: Source = Source.CUSTOMER) -> Decision:
    project = Project.objects.get(key=key)
    return decide(gather([project], at=at, known_at=at)[project.pk].facts(priority=priority, source=source), at)


def links(found: Decision) -> list[tuple[Role, int]]:
    return [(link.role, link.after_minutes) for link in found.chain]


def test_a_later_load_changes_nothing(
    loaded: Loaded, tokens_file: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    tokens_file.parent.mkdir()
    tokens_file.write_text(json.dumps(loaded.tokens))
    before = everything()
    again = load(provider(), now=NOW + timedelta(days=9), tokens_file=tokens_file)
    assert not again.fresh
    assert (again.tokens, again.installed_at) == (loaded.tokens, loaded.installed_at)
    assert everything() == before


def test_what_people_changed_meanwhile_stays(loaded: Loaded, tokens_file: Path) -> None:
    Person.objects.filter(email="desk@nordhafen.example").update(name="Lukas Hahn-Meier")
    Topic.objects.get(key="invoice").delete()
    retire(Assignment.objects.current().get(project__key="erp", role="sdm", order=2), by=None, now=NOW)
    load(provider(), now=NOW, tokens_file=tokens_file)
    assert Person.objects.get(email="desk@nordhafen.example").name == "Lukas Hahn-Meier"
    assert not Topic.objects.filter(key="invoice").exists()
    assert Assignment.objects.current().filter(project__key="erp", role="sdm").count() == 1


def test_everything_of_the_file_is_there(loaded: Loaded) -> None:
    content = provider()
    assert loaded.fresh
    assert Installation.objects.get().last_resort_phone == "+496990009999"
    assert set(Person.objects.filter(is_staff=True).values_list("email", flat=True)) == set(content["people"])
    assert Person.objects.filter(is_staff=False).count() == 5
    assert Customer.objects.count() == 3
    assert Contact.objects.count() == 6
    assert Project.objects.count() == 5
    assert Assignment.objects.current().count() == 5 * 4
    assert Membership.objects.current().count() == 4 + 12
    assert ContactMethod.objects.usable().count() == 3 * len(content["people"])
    assert Topic.objects.count() == len(content["topics"])
    assert list(EscalationManager.objects.values_list("person__name", flat=True)) == ["Henrike Voss", "Georg Brandt"]
    assert set(Rota.objects.values_list("slug", flat=True)) == {"plattform", "medien"}
    assert set(Matrix.objects.filter(project=None).values_list("name", flat=True)) == {"Standard", "Premium"}
    assert IntakeKey.objects.count() == 5


def test_the_past_is_on_record_since_before_the_first_load(loaded: Loaded) -> None:
    assert loaded.installed_at == datetime(2026, 7, 26, 8, tzinfo=BERLIN)
    august = datetime(2026, 8, 2, 3, tzinfo=BERLIN)
    assert links(decision("webshop", "blocker", august))[0] == (Role.ON_CALL_PRIMARY, 0)


def test_the_office_closes_on_the_days_of_the_house(loaded: Loaded) -> None:
    office = SupportHours.objects.get(slug="office")
    assert (office.country, office.subdivision) == ("DE", "HE")
    assert WeeklyOpening.objects.filter(hours=office).count() == 5
    days = DatedOpening.objects.filter(hours=office, opens=None).values_list("day", flat=True)
    assert {f"{day:%Y-%m-%d}" for day in days} == {f"{y}-12-{d}" for y in (2026, 2027, 2028) for d in (24, 31)}


def test_part_time_has_hours_of_its_own(loaded: Loaded) -> None:
    hours = Person.objects.get(email="scholz@nordhafen.example").working_hours
    assert hours is not None
    openings = WeeklyOpening.objects.filter(hours=hours).values_list("weekday", "opens", "closes")
    assert list(openings) == [(weekday, time(8), time(14)) for weekday in range(4)]
    with pytest.raises(ValueError, match="not understood"):
        add_personal("mornings", slug="x", name="x", zone="Europe/Berlin", country="DE", at=NOW)


def test_languages_are_those_the_portal_speaks(loaded: Loaded) -> None:
    english = Person.objects.filter(language="en").values_list("email", flat=True)
    assert list(english) == ["haddad@nordhafen.example"]


def test_an_agency_is_contact_of_two_customers_for_one_project_each(loaded: Loaded) -> None:
    contacts = Contact.objects.filter(person__email="voigt@pixelwerk.example").order_by("pk")
    assert [[project.key for project in contact.limited_to.all()] for contact in contacts] == [["webshop"], ["cms"]]
    assert not any(contact.can_order or contact.can_manage_contacts for contact in contacts)


def test_contacts_have_pins_that_the_summary_names(loaded: Loaded) -> None:
    text = summary(provider(), loaded)
    for contact in Contact.objects.select_related("person"):
        pin = demo_pin(contact.person.email)
        assert PBKDF2PasswordHasher().verify(pin, contact.pin)
        assert pin in text
    assert len({demo_pin(contact.person.email) for contact in Contact.objects.all()}) == 5
    assert all(token in text for token in loaded.tokens.values())


def test_only_personas_have_a_password(loaded: Loaded) -> None:
    able = {person.email for person in Person.objects.all() if person.has_usable_password()}
    assert able == set(ROLES)
    assert Person.objects.get(email="kunde@seeburg.example").check_password(PASSWORD)


# --- What the demo answers ------------------------------------------------------------------------------------


def test_a_blocker_on_sunday_goes_to_the_primary_and_after_thirty_minutes_to_the_backup(loaded: Loaded) -> None:
    found = decision("webshop", "blocker", LAST_SUNDAY)
    assert links(found) == [(Role.ON_CALL_PRIMARY, 0), (Role.ON_CALL_BACKUP, 30), (Role.ESCALATION_MANAGER, 45)]
    assert [link.people[0].name for link in found.chain] == ["Marek Nowak", "Elif Aydın", "Henrike Voss"]
    assert found.chain[-1].informs


def test_reported_before_closing_the_backup_comes_earlier_so_that_the_target_holds(loaded: Loaded) -> None:
    at = datetime(2026, 11, 24, 17, 50, tzinfo=BERLIN)  # a Tuesday
    found = decision("kundenportal", "blocker", at)
    assert links(found)[:4] == [
        (Role.SDM, 0),
        (Role.SERVICE_DESK, 5),
        (Role.ON_CALL_PRIMARY, 10),
        (Role.ON_CALL_BACKUP, 15),
    ]
    assert found.respond_by == at + timedelta(minutes=30)
    assert [link.timing for link in found.chain[2:4]] == [Reason.AT_CLOSING, Reason.CAPPED_BY_SLA]


@pytest.mark.parametrize("source", list(Source))
@pytest.mark.parametrize("priority", [Priority.BLOCKER, Priority.CRITICAL])
def test_on_cms_everybody_follows_after_a_minute(loaded: Loaded, source: Source, priority: Priority) -> None:
    found = decision("cms", priority, LAST_SUNDAY, source)
    assert links(found) == [(Role.ON_CALL_PRIMARY, 0), (Role.ON_CALL_BACKUP, 1), (Role.ESCALATION_MANAGER, 2)]


def test_a_minor_at_night_waits_for_the_opening(loaded: Loaded) -> None:
    found = decision("webshop", "minor", LAST_SUNDAY)
    assert found.deferred_until == datetime(2026, 11, 23, 8, tzinfo=BERLIN)
    assert links(found)[0] == (Role.SDM, 0)


def test_monitoring_tells_sdm_and_service_desk_without_calling_them(loaded: Loaded) -> None:
    found = decision("webshop", "blocker", NOW.replace(hour=10), Source.MONITORING)
    told = [(link.role, link.informs, link.channels, link.after_minutes) for link in found.chain[:2]]
    assert told == [(Role.SDM, True, (Channel.EMAIL,), 0), (Role.SERVICE_DESK, True, (Channel.EMAIL,), 0)]
    assert links(found)[2:4] == [(Role.ON_CALL_PRIMARY, 0), (Role.ON_CALL_BACKUP, 30)]


def test_every_chain_meets_its_response_target(loaded: Loaded) -> None:
    versions = MatrixVersion.objects.all()
    assert [version.number for version in versions] == [1] * 7
    for version in versions:
        assert (version.accepted_findings, findings(version, 15)) == ([], [])
        assert Cell.objects.filter(version=version).count() == len(Priority) * len(Route)


def test_projects_show_their_own_examples(loaded: Loaded) -> None:
    def first_example(key: str) -> str:
        return str(MatrixVersion.objects.get(matrix__name=key).terms.get(priority="blocker").examples_en[0])

    assert first_example("webshop") == first_example("Standard")
    assert first_example("erp") == "The ERP is down for all sites."
    assert first_example("cms") == "All web sites are down."


@pytest.mark.parametrize("now", OTHER_DAYS)
def test_on_any_day_the_persona_is_on_duty_and_the_stories_lie_behind(
    db: None, now: datetime, tokens_file: Path
) -> None:
    load(provider(), now=now, tokens_file=tokens_file)
    rota = Rota.objects.get(slug="plattform")
    duty = duty_at(rota_facts([rota], at=now, known_at=now)[rota.pk], now)
    holders = [holder and Person.objects.get(pk=holder.person).name for holder in (duty.primary, duty.backup)]
    assert holders == ["Marek Nowak", "Elif Aydın"]
    check_stories(now)


# --- Stories --------------------------------------------------------------------------------------------------


def check_stories(now: datetime) -> None:
    """Nothing is under way, nothing lies ahead, nothing went wrong, and every sentence is known."""
    assert not Alarm.objects.exists()
    assert not Incident.objects.exclude(status__in=[Status.RESOLVED, Status.CLOSED]).exists()
    assert not Escalation.objects.exclude(due_at=None).exists()
    finished = [Delivery.State.DELIVERED, Delivery.State.FAILED]
    assert not Delivery.objects.exclude(state__in=finished, finished_at__lt=now, sent_at__lt=now).exists()
    entries = list(TimelineEntry.objects.order_by("incident", "pk"))
    assert {entry.kind for entry in entries} <= set(SENTENCES)
    assert all(entry.at < now for entry in entries)
    for earlier, later in pairwise(entries):
        assert earlier.incident_id != later.incident_id or earlier.at <= later.at
    reported = list(Incident.objects.order_by("pk").values_list("reported_at", flat=True))
    assert reported == sorted(reported)
    assert Incident.objects.count() == len(HISTORY) + 9


def test_the_stories_lie_behind(loaded: Loaded) -> None:
    check_stories(NOW)


def test_sundays_story(loaded: Loaded) -> None:
    incident = Incident.objects.get(title="webshop: HTTP 503 auf allen Frontends")
    assert incident.reported_at == LAST_SUNDAY
    pages = Page.objects.filter(escalation__incident=incident).order_by("pk")
    assert [(page.name, page.created_at - LAST_SUNDAY, page.state) for page in pages] == [
        ("Marek Nowak", timedelta(0), Page.State.CLOSED),
        ("Elif Aydın", timedelta(minutes=30), Page.State.ACKNOWLEDGED),
    ]
    assert incident.assignee is not None
    assert incident.assignee.name == "Elif Aydın"
    assert incident.responded_at == LAST_SUNDAY + timedelta(minutes=33)
    assert incident.restored_at == LAST_SUNDAY + timedelta(minutes=70)
    called = Incident.objects.get(title="Shop nicht erreichbar")
    assert called.timeline.get(kind="linked").data == {"number": incident.number}
    assert called.source == Incident.Source.PHONE


def test_the_story_at_closing(loaded: Loaded) -> None:
    incident = Incident.objects.get(title="Anmeldung schlägt für alle fehl")
    day = incident.reported_at.astimezone(BERLIN).date()
    expected = {"sdm": "17:50", "service_desk": "17:55", "on_call_primary": "18:00", "on_call_backup": "18:05"}
    called = Page.objects.filter(escalation__incident=incident).values_list("role", "created_at")
    assert dict(called) == {r: local_instant("Europe/Berlin", day, time.fromisoformat(t)) for r, t in expected.items()}
    stood_down = Delivery.objects.filter(kind=Delivery.Kind.STAND_DOWN, pages__escalation__incident=incident)
    assert set(stood_down.values_list("pages__role", flat=True)) == {"sdm", "service_desk", "on_call_primary"}


def test_the_story_of_the_meeting(loaded: Loaded) -> None:
    incident = Incident.objects.get(title="Schnittstelle zur Warenwirtschaft steht")
    passed = incident.timeline.get(kind="passed_over").data
    assert (passed["role"], passed["reason"]) == (Role.SDM, Reason.IN_MEETING)
    assert incident.assignee is not None
    assert incident.assignee.name == "Clara Fuchs"
    assert incident.responded_at == incident.reported_at + timedelta(minutes=2)


def test_one_call_named_three_incidents(loaded: Loaded) -> None:
    pages = Page.objects.filter(escalation__incident__title__startswith="Storage", role="on_call_primary")
    assert pages.count() == 3
    deliveries = Delivery.objects.filter(pages__in=pages).distinct()
    assert sorted(delivery.channel for delivery in deliveries) == ["sms", "voice"]
    assert all(delivery.pages.count() == 3 for delivery in deliveries)


def test_the_months_before_have_something_to_report(loaded: Loaded) -> None:
    """As the portal would have left it: whoever was paged and answered was on duty, and the backup only after."""
    past = Incident.objects.filter(reported_at__lt=NOW - timedelta(days=20))
    assert past.count() == len(HISTORY)
    assert len({(incident.reported_at.year, incident.reported_at.month) for incident in past}) >= 3
    for key in ("alsterkontor", "seeburg", "medialab"):
        assert past.filter(project__customer__key=key).count() >= 4
    for page in Page.objects.filter(escalation__incident__in=past, role__startswith="on_call"):
        primary, backup = duty_at_then(page)
        assert page.person_id == (primary if page.role == Role.ON_CALL_PRIMARY else backup)
    assert past.filter(escalation__pages__role=Role.ON_CALL_BACKUP).count() >= 4
    assert past.filter(responded_at=None).exists()


def duty_at_then(page: Page) -> tuple[int | None, int | None]:
    at = page.created_at
    rota = Rota.objects.get(coverage__project=page.escalation.incident.project)
    duty = duty_at(rota_facts([rota], at=at, known_at=NOW)[rota.pk], at)
    return (duty.primary.person if duty.primary else None, duty.backup.person if duty.backup else None)


def test_a_request_called_nobody(loaded: Loaded) -> None:
    request = Incident.objects.get(kind=Incident.Kind.REQUEST)
    assert request.topic is not None
    assert request.topic.key == "extension"
    assert not Escalation.objects.filter(incident=request).exists()


# --- Intake tokens --------------------------------------------------------------------------------------------


def test_tokens_are_kept_in_a_private_file(
    db: None, tokens_file: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first = load(provider(), now=NOW, tokens_file=tokens_file)
    assert stat.S_IMODE(tokens_file.stat().st_mode) == 0o600
    with django_capture_on_commit_callbacks() as callbacks:
        assert load(provider(), now=NOW, tokens_file=tokens_file).tokens == first.tokens
    assert callbacks == []
    for key, token in first.tokens.items():
        found = find_key(token, now=clock.now())
        assert found is not None
        assert (found.project.key, found.severity_map["disaster"]) == (key, "blocker")


@pytest.mark.parametrize("content", [None, "not JSON", '{"cms": "of another database"}'])
def test_tokens_that_do_not_fit_the_database_are_made_anew(
    loaded: Loaded,
    tokens_file: Path,
    content: str | None,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    if content is not None:
        tokens_file.parent.mkdir()
        tokens_file.write_text(content)
    with django_capture_on_commit_callbacks(execute=True):
        again = load(provider(), now=NOW, tokens_file=tokens_file)
    assert again.tokens.keys() == loaded.tokens.keys()
    assert all(find_key(token, now=clock.now()) for token in again.tokens.values())
    assert load(provider(), now=NOW, tokens_file=tokens_file).tokens == again.tokens


# --- Personas -------------------------------------------------------------------------------------------------


@pytest.fixture
def people(db: None) -> None:
    for email in (*ROLES, STRANGER):
        Person.objects.create_user(email, name=email, language="de")


@pytest.fixture
def demo_settings(settings: Settings) -> Settings:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "demo"]
    settings.ROOT_URLCONF = "demo.urls"
    return settings


@pytest.mark.parametrize("email", ROLES)
def test_a_button_logs_a_persona_in(people: None, demo_settings: Settings, client: Client, email: str) -> None:
    answer = client.post("/demo/login/", {"email": email})
    assert (answer.status_code, answer["Location"]) == (302, reverse("home"))
    assert client.session["_auth_user_id"] == str(Person.objects.get(email=email).pk)


@pytest.mark.parametrize("email", [STRANGER, "nobody@example.org", ""])
def test_nobody_else_logs_in_without_a_password(
    people: None, demo_settings: Settings, client: Client, email: str
) -> None:
    assert client.post("/demo/login/", {"email": email}).status_code == 404
    assert "_auth_user_id" not in client.session


def test_a_link_logs_nobody_in(people: None, demo_settings: Settings) -> None:
    email = "admin@nordhafen.example"
    assert Client().get("/demo/login/", {"email": email}).status_code == 405
    assert Client(enforce_csrf_checks=True).post("/demo/login/", {"email": email}).status_code == 403


def test_the_login_page_shows_a_button_per_persona(people: None, demo_settings: Settings, client: Client) -> None:
    page = client.get("/accounts/login/").content.decode()
    assert all(f'value="{persona.email}"' in page and persona.name in page for persona in personas())
    assert page.index("Birgit Hansen") < page.index("Lukas Hahn")


def test_the_product_logs_nobody_in_without_a_password(people: None, client: Client) -> None:
    with pytest.raises(NoReverseMatch):
        reverse("persona_login")
    assert client.post("/demo/login/", {"email": "admin@nordhafen.example"}).status_code == 404
    assert "admin@nordhafen.example" not in client.get("/accounts/login/").content.decode()


def test_errors_are_told_as_the_product_tells_them(people: None, demo_settings: Settings, client: Client) -> None:
    assert client.get("/api/v1/nowhere/")["Content-Type"] == "application/problem+json"


def test_maintenance_is_announced_in_the_window_and_in_time(loaded: Loaded) -> None:
    planned = {tuple(sorted(p.key for p in row.projects.all())): row for row in Maintenance.objects.all()}
    assert set(planned) == {("erp", "webshop"), ("kundenportal",)}
    for row in planned.values():
        starts, ends = row.starts.astimezone(BERLIN), row.ends.astimezone(BERLIN)
        assert starts.strftime("%a %H:%M") in ("Tue 22:00", "Thu 22:00")
        assert (ends - starts, ends.hour) == (timedelta(hours=4), 2)
        assert row.announced_at < NOW < row.starts
    # Announced on Wednesday, 18 November: five and ten working days later, on the next Tuesday or Thursday.
    assert planned["erp", "webshop"].starts.astimezone(BERLIN).date() == date(2026, 11, 26)
    assert planned["kundenportal",].starts.astimezone(BERLIN).date() == date(2026, 12, 3)
