"""Working an incident: owners, calling in, waiting, priorities, merging, taking back."""

from datetime import datetime

import pytest

from matrix.models import MatrixVersion, PriorityTerms
from matrix.terms import Role
from portal.models import Team
from routing.attachments.queries import attachments_for
from routing.attachments.services import attach
from routing.decision import Callee, Kind
from routing.desk.rows import open_incidents
from routing.incidents import services
from routing.incidents.links import Tie, linked_to
from routing.incidents.models import Incident, Status
from routing.incidents.reminding import remind_due
from routing.incidents.wording import text_of
from routing.intake.formats import Event
from routing.intake.keys import create_intake_key
from routing.intake.services import take_in
from routing.models import Delivery, Escalation, IntakeKey, Notice, Page
from routing.paging.calling import callee_of
from routing.paging.escalating import advance_due
from routing.paging.services import Outcome, answer_page, pass_on_page
from tests.people import BERLIN, World, make_world, minutes
from tests.people import SUNDAY_NIGHT as T
from tests.routing.attachments.samples import upload
from tests.routing.paging.test_races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def an_incident(world: World, **fields: object) -> Incident:
    given: dict[str, object] = {
        "project": world.webshop,
        "priority": "blocker",
        "title": "The shop is down",
        "source": Incident.Source.PORTAL,
        "by": world.alice,
        "reporter": world.alice,
        "now": T,
    }
    return services.create_incident(**{**given, **fields})  # type: ignore[arg-type]


def taken(world: World, **fields: object) -> Incident:
    incident = an_incident(world, **fields)
    advance_due(now=T)
    return services.acknowledge(incident, by=world.oncall, now=T)


def kinds(incident: Incident) -> list[str]:
    return list(incident.timeline.values_list("kind", flat=True))


def help_from(incident: Incident, world: World, now: datetime = T) -> Page:
    return services.call_in(
        incident, callee=callee_of(world.backup), role=Role.ON_CALL_BACKUP, by=world.oncall, now=now, note="SAN"
    )


# --- A team as owner -------------------------------------------------------------------------------------------


def test_a_team_has_it_until_one_of_its_people_takes_it(world: World) -> None:
    Team.objects.filter(pk=world.platform.pk).update(email="platform@example.com")
    incident = an_incident(world)
    services.assign(incident, assignee=world.platform, by=world.desk, now=T, note="The SAN again")
    incident.refresh_from_db()
    assert (incident.status, incident.assignee, incident.team) == ("acknowledged", None, world.platform)
    assert incident.escalation.state == Escalation.State.ACKNOWLEDGED
    told = Delivery.objects.filter(pages__team=world.platform).values_list("channel", "to")
    assert sorted(told) == [("email", "platform@example.com"), ("voice", "+496990009101")]
    assert text_of(incident.timeline.get(kind="assigned")) == "Assigned to Team Platform: The SAN again"

    services.acknowledge(incident, by=world.oncall, now=T)
    services.acknowledge(incident, by=world.desk, now=T)
    incident.refresh_from_db()
    assert (incident.assignee, incident.team) == (world.oncall, None)
    assert kinds(incident)[-1] == "taken_over"


def test_a_team_that_shows_no_progress_is_reminded(world: World) -> None:
    Team.objects.filter(pk=world.platform.pk).update(email="platform@example.com")
    incident = an_incident(world)
    services.assign(incident, assignee=world.platform, by=world.desk, now=T)
    Incident.objects.filter(pk=incident.pk).update(progress_due_at=T)
    remind_due(now=T)
    assert Delivery.objects.filter(kind="reminder").values_list("to", flat=True).get() == "platform@example.com"


# --- Calling in ------------------------------------------------------------------------------------------------


def test_who_is_called_in_answers_for_themselves_alone(world: World) -> None:
    incident = taken(world)
    page = help_from(incident, world)
    assert set(page.deliveries.values_list("channel", flat=True)) == {"voice", "sms"}
    assert list(Page.objects.wanted()) == [page]

    answer = answer_page(page, person=world.backup, now=T + minutes(1), via="sms")
    again = answer_page(page, person=world.backup, now=T + minutes(2), via="voice")
    assert (answer.outcome, again.outcome) == (Outcome.COMES, Outcome.COMES)
    incident.refresh_from_db()
    assert (incident.status, incident.assignee) == ("acknowledged", world.oncall)
    assert kinds(incident)[-2:] == ["called_in", "comes"]
    assert not Page.objects.wanted().exists()
    assert advance_due(now=T + minutes(600)) == 0


def test_who_declines_is_noted_and_nobody_is_called_instead(world: World) -> None:
    incident = taken(world)
    page = help_from(incident, world)
    assert pass_on_page(page, person=world.backup, now=T, via="voice").outcome is Outcome.DECLINED
    incident.refresh_from_db()
    assert (incident.status, kinds(incident)[-1]) == ("acknowledged", "declined")
    assert advance_due(now=T + minutes(600)) == 0
    # They may be asked once more.
    assert help_from(incident, world).pk != page.pk


def test_nobody_is_called_in_twice_at_a_time_nor_without_an_owner(world: World) -> None:
    incident = an_incident(world)
    with pytest.raises(services.ActionRefused):
        help_from(incident, world)
    services.acknowledge(incident, by=world.oncall, now=T)
    help_from(incident, world)
    with pytest.raises(services.CallInRefused, match="called_already"):
        help_from(incident, world)
    world.manager.contact_methods.all().delete()
    with pytest.raises(services.CallInRefused, match="no_contact_method"):
        services.call_in(
            incident, callee=callee_of(world.manager), role=Role.ESCALATION_MANAGER, by=world.oncall, now=T
        )
    assert Page.objects.called_in().count() == 1


def test_what_is_resolved_needs_no_help_any_more(world: World) -> None:
    incident = taken(world)
    page = help_from(incident, world)
    Delivery.objects.filter(pages=page).update(state="delivered")
    services.resolve(incident, by=world.oncall, now=T, reason="Restarted")
    page.refresh_from_db()
    assert page.state == Page.State.CLOSED
    assert Delivery.objects.filter(pages=page, kind="stand_down").count() == 1
    assert answer_page(page, person=world.backup, now=T, via="sms").outcome is Outcome.ENDED


def test_help_is_still_wanted_when_somebody_else_takes_it(world: World) -> None:
    incident = taken(world)
    page = help_from(incident, world)
    services.pass_on(incident, by=world.oncall, now=T)
    services.acknowledge(incident, by=world.desk, now=T)
    page.refresh_from_db()
    assert page.state == Page.State.OPEN
    assert set(page.deliveries.values_list("state", flat=True)) == {"queued"}


def test_a_team_is_called_in_by_its_phone(world: World) -> None:
    incident = taken(world)
    callee = Callee(Kind.TEAM, world.platform.pk, world.platform.name, "")
    page = services.call_in(incident, callee=callee, role=Role.PROJECT_TEAM, by=world.oncall, now=T)
    assert answer_page(page, person=None, now=T, via="voice").outcome is Outcome.COMES
    assert incident.timeline.latest("pk").actor_name == "Team Platform"


# --- The clock of the resolution --------------------------------------------------------------------------------


def test_the_clock_stands_still_while_the_customer_is_waited_for(world: World) -> None:
    incident = taken(world)
    assert incident.resolve_by is not None
    for begins, ends in ((10, 40), (60, 75)):
        services.wait(incident, by=world.oncall, now=T + minutes(begins), question="Which shop?")
        services.add_note(incident, by=world.alice, now=T + minutes(ends), text="All", public=True)
    incident.refresh_from_db()
    assert incident.resolve_by == T + minutes(360 + 30 + 15)
    # Another priority counts the waits too.
    services.change_priority(incident, priority="critical", by=world.desk, now=T + minutes(80), why="x", consent="Al")
    incident.refresh_from_db()
    assert incident.resolve_by == T + minutes(405)


def test_a_mere_date_stops_no_clock(world: World) -> None:
    incident = taken(world)
    services.wait(incident, by=world.oncall, now=T, until=T + minutes(60))
    remind_due(now=T + minutes(60))
    incident.refresh_from_db()
    assert (incident.status, incident.resolve_by) == (Status.IN_PROGRESS, T + minutes(360))


def test_the_clock_runs_on_where_that_was_agreed(world: World) -> None:
    version = MatrixVersion.objects.create(matrix=world.versions["webshop"].matrix)
    PriorityTerms.objects.create(
        version=version,
        priority="blocker",
        response_minutes=60,
        resolution_minutes=360,
        clock="round_the_clock",
        pauses_while_waiting=False,
    )
    incident = taken(world)
    Incident.objects.filter(pk=incident.pk).update(matrix_version=version)
    services.wait(incident, by=world.oncall, now=T, question="Which shop?", until=T + minutes(60))
    remind_due(now=T + minutes(60))
    incident.refresh_from_db()
    assert (incident.status, incident.resolve_by) == (Status.IN_PROGRESS, T + minutes(360))


def test_on_support_hours_only_open_time_pauses(world: World) -> None:
    incident = taken(world, priority="major")  # 1200 minutes of support hours from Monday 08:00
    assert incident.resolve_by == datetime(2026, 12, 1, 18, tzinfo=BERLIN)
    monday_nine = T + minutes(30 * 60)
    services.wait(incident, by=world.oncall, now=T, question="Which shop?", until=monday_nine)
    remind_due(now=monday_nine)
    incident.refresh_from_db()
    assert incident.resolve_by == datetime(2026, 12, 2, 9, tzinfo=BERLIN)


# --- Priority --------------------------------------------------------------------------------------------------


def test_a_customers_blocker_is_lowered_with_their_consent(world: World) -> None:
    incident = an_incident(world)
    with pytest.raises(services.ConsentMissing):
        services.change_priority(incident, priority="minor", by=world.desk, now=T, why="One page only")
    services.change_priority(
        incident, priority="minor", by=world.desk, now=T, why="One page only", consent="Alice Alster"
    )
    assert "With the consent of Alice Alster" in text_of(incident.timeline.get(kind="priority_changed"))
    found = an_incident(world, source=Incident.Source.MONITORING, by=None, reporter=None)
    services.change_priority(found, priority="minor", by=world.desk, now=T, why="A test system")


# --- Merging ---------------------------------------------------------------------------------------------------


def test_a_duplicate_ends_and_its_reporter_follows_the_other(world: World) -> None:
    original = an_incident(world, source=Incident.Source.MONITORING, by=None, reporter=None, priority="critical")
    duplicate = an_incident(world, priority="critical", title="Cannot order")
    advance_due(now=T)
    services.add_note(duplicate, by=world.alice, now=T, text="Error 500 at checkout", public=True)
    services.add_note(duplicate, by=world.desk, now=T, text="Looks like the SAN", public=False)
    assert not Incident.objects.visible_to(world.alice).filter(pk=original.pk).exists()

    services.merge(duplicate, original, by=world.desk, now=T + minutes(1))
    duplicate.refresh_from_db()
    original.refresh_from_db()
    assert (duplicate.status, duplicate.escalation.state) == ("closed", "stopped")
    assert (original.status, original.reporter) == ("new", world.alice)
    assert [(each.incident, each.tie) for each in linked_to(duplicate, world.alice)] == [(original, Tie.DUPLICATE_OF)]
    notes = " ".join(text_of(entry) for entry in original.timeline.filter(kind="note"))
    assert "Error 500 at checkout" in notes
    assert "SAN" not in notes
    told = Notice.objects.filter(entry__kind="merged").values_list("person__name", flat=True)
    assert list(told) == ["Alice Alster"]


def test_who_has_a_duplicate_has_the_other_where_nobody_had_that(world: World) -> None:
    duplicate, original = taken(world), an_incident(world)
    advance_due(now=T)
    services.merge(duplicate, original, by=world.desk, now=T + minutes(1))
    original.refresh_from_db()
    assert (original.status, original.assignee) == ("acknowledged", world.oncall)
    assert original.escalation.state == Escalation.State.ACKNOWLEDGED
    assert original.timeline.get(kind="assigned").actor == world.desk
    assert not original.escalation.pages.filter(state=Page.State.OPEN, informs=False).exists()
    assert advance_due(now=T + minutes(45)) == 0


def test_a_merge_gives_nobody_what_somebody_has_nor_a_team_what_is_new(world: World) -> None:
    first, original = taken(world), an_incident(world)
    services.assign(original, assignee=world.sdm, by=world.desk, now=T)
    services.merge(first, original, by=world.desk, now=T)
    original.refresh_from_db()
    assert original.assignee == world.sdm
    second, new = an_incident(world), an_incident(world)
    services.assign(second, assignee=world.platform, by=world.desk, now=T)
    services.merge(second, new, by=world.desk, now=T)
    new.refresh_from_db()
    assert (new.status, new.assignee, new.team) == ("new", None, None)


def test_what_customers_wrote_in_a_duplicate_makes_no_news_of_the_other(world: World) -> None:
    original, duplicate = taken(world), an_incident(world)
    services.add_note(duplicate, by=world.alice, now=T, text="Error 500 at checkout", public=True)
    services.merge(duplicate, original, by=world.desk, now=T + minutes(1))
    assert not open_incidents(world.desk, {"status": "answered"}, now=T).exists()
    assert kinds(original)[-1] == "absorbed"


def test_a_second_reporter_is_told_what_the_first_is(world: World) -> None:
    original = an_incident(world)
    duplicate = an_incident(world, by=world.bob, reporter=world.bob)
    services.merge(duplicate, original, by=world.desk, now=T)
    services.acknowledge(original, by=world.desk, now=T + minutes(1))
    told = Notice.objects.filter(entry__kind="acknowledged", entry__incident=original)
    assert set(told.values_list("person__name", flat=True)) == {"Alice Alster", "Bob Alster"}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"project": "kundenportal"}, "other_project"),
        ({"kind": "request"}, "other_kind"),
        ({"priority": "minor"}, "less_urgent"),
    ],
)
def test_what_is_not_the_same_is_not_merged(world: World, fields: dict[str, str], why: str) -> None:
    duplicate = an_incident(world)
    given: dict[str, object] = dict(fields)
    if "project" in given:
        given["project"] = world.kundenportal
    with pytest.raises(services.MergeRefused, match=why):
        services.merge(duplicate, an_incident(world, **given), by=world.desk, now=T)
    with pytest.raises(services.MergeRefused, match="itself"):
        services.merge(duplicate, duplicate, by=world.desk, now=T)
    duplicate.refresh_from_db()
    assert duplicate.status == "new"


def test_what_was_merged_into_a_duplicate_goes_on_where_that_does(world: World) -> None:
    first, second, third = (an_incident(world, title=title) for title in ("A", "B", "C"))
    services.relate(first, third, by=world.desk, now=T)
    services.merge(first, second, by=world.desk, now=T)
    services.merge(second, third, by=world.desk, now=T)
    assert [(each.incident, each.tie) for each in linked_to(first, world.desk)] == [(third, Tie.DUPLICATE_OF)]


def intake_key(world: World) -> IntakeKey:
    key, _token = create_intake_key(project=world.webshop, name="prometheus", by=None, now=T)
    return key


def signal(key: IntakeKey, *, firing: bool = True, now: datetime = T) -> list[Incident]:
    event = Event(dedup_key="san-7", title="SAN slow", severity="critical", firing=firing, description="", raw={})
    return take_in(key, "generic", [event], now=now)


def test_signals_of_a_duplicate_join_the_one_that_goes_on(world: World) -> None:
    key = intake_key(world)
    (duplicate,) = signal(key)
    original = an_incident(world)
    services.merge(duplicate, original, by=world.desk, now=T)
    assert signal(key, now=T + minutes(1)) == [original]
    assert signal(key, firing=False, now=T + minutes(2)) == [original]
    original.refresh_from_db()
    assert (original.status, original.timeline.latest("pk").kind) == ("new", "signal_over")
    services.resolve(original, by=world.desk, now=T + minutes(3), reason="done")
    (anew,) = signal(key, now=T + minutes(4))
    assert anew not in (original, duplicate)


# --- Taking back -----------------------------------------------------------------------------------------------


def test_a_resolution_is_taken_back(world: World) -> None:
    incident = taken(world)
    before = services.Before.of(incident, "resolve")
    resolved = services.resolve(incident, by=world.desk, now=T, reason="Wrong tab")
    services.undo(incident, before=before, after=services.state_of(resolved), by=world.desk, now=T + minutes(1))
    incident.refresh_from_db()
    assert (incident.status, incident.assignee, incident.restored_at) == ("acknowledged", world.oncall, None)
    assert incident.escalation.state == Escalation.State.ACKNOWLEDGED
    assert kinds(incident)[-2:] == ["resolved", "undone"]
    assert Notice.objects.filter(entry__kind="undone", person=world.alice).exists()


def test_what_nobody_had_is_called_for_again(world: World) -> None:
    incident = an_incident(world)
    advance_due(now=T)
    before = services.Before.of(incident, "assign")
    assigned = services.assign(incident, assignee=world.sdm, by=world.desk, now=T)
    services.undo(incident, before=before, after=services.state_of(assigned), by=world.desk, now=T)
    incident.refresh_from_db()
    assert (incident.status, incident.assignee, incident.responded_at) == ("new", None, None)
    assert (incident.escalation.state, incident.escalation.round) == ("running", 2)


def test_a_merge_is_taken_back(world: World) -> None:
    original, duplicate = an_incident(world), taken(world)
    before = services.Before.of(duplicate, "merge")
    merged = services.merge(duplicate, original, by=world.desk, now=T)
    services.undo(duplicate, before=before, after=services.state_of(merged), by=world.desk, now=T)
    duplicate.refresh_from_db()
    assert (duplicate.status, duplicate.assignee) == ("acknowledged", world.oncall)
    assert linked_to(duplicate, world.desk) == []
    original.refresh_from_db()
    assert (original.status, original.assignee) == ("new", None)
    assert (original.escalation.state, original.escalation.round) == ("running", 2)
    assert kinds(original)[-2:] == ["parted", "passed_on"]


def test_a_merge_that_is_taken_back_gives_back_what_it_took(world: World) -> None:
    """The reporter it lent, and what had been merged into the duplicate before; a file of it is read where it is."""
    original = an_incident(world, source=Incident.Source.MONITORING, by=None, reporter=None, priority="critical")
    duplicate, earlier = (an_incident(world, priority="critical", title=title) for title in ("A", "B"))
    services.merge(earlier, duplicate, by=world.desk, now=T)
    attach(duplicate, [upload("error.png")], by=world.alice, now=T, public=True)
    attach(duplicate, [upload("san.png")], by=world.desk, now=T, public=False)
    before = services.Before.of(duplicate, "merge")
    merged = services.merge(duplicate, original, by=world.desk, now=T)
    original.refresh_from_db()
    assert [file.name for file in attachments_for(original, world.alice)] == ["error.png"]
    assert [file.name for file in attachments_for(original, world.desk)] == ["error.png", "san.png"]

    services.undo(duplicate, before=before, after=services.state_of(merged), by=world.desk, now=T)
    original.refresh_from_db()
    assert original.reporter is None
    assert attachments_for(original, world.desk) == []
    assert not Incident.objects.visible_to(world.alice).filter(pk=original.pk).exists()
    assert [(each.incident, each.tie) for each in linked_to(earlier, world.desk)] == [(duplicate, Tie.DUPLICATE_OF)]


def test_what_went_on_after_a_merge_stays_with_its_owner_when_that_is_taken_back(world: World) -> None:
    original, duplicate = an_incident(world), taken(world)
    before = services.Before.of(duplicate, "merge")
    merged = services.merge(duplicate, original, by=world.desk, now=T)
    services.start(original, by=world.oncall, now=T)
    services.undo(duplicate, before=before, after=services.state_of(merged), by=world.desk, now=T)
    original.refresh_from_db()
    assert (original.status, original.assignee) == ("in_progress", world.oncall)
    assert original.timeline.latest("pk").kind == "parted"


def test_what_others_changed_since_is_not_taken_back(world: World) -> None:
    incident = taken(world)
    before = services.Before.of(incident, "priority")
    changed = services.change_priority(incident, priority="critical", by=world.desk, now=T, why="x", consent="Al")
    services.assign(incident, assignee=world.sdm, by=world.desk, now=T)
    with pytest.raises(services.ChangedMeanwhile):
        services.undo(incident, before=before, after=services.state_of(changed), by=world.desk, now=T)


# --- Races -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_a_merge_racing_an_acknowledgement(world: World, attempt: int) -> None:
    original, duplicate = an_incident(world), an_incident(world)
    advance_due(now=T)

    def acknowledge() -> bool:
        try:
            services.acknowledge(duplicate, by=world.oncall, now=T)
        except services.ActionRefused:
            return False
        return True

    at_once(lambda: services.merge(duplicate, original, by=world.desk, now=T).pk, acknowledge)
    duplicate.refresh_from_db()
    assert (duplicate.status, duplicate.escalation.state) == ("closed", "stopped")
    assert not Page.objects.filter(escalation=duplicate.escalation, state="open").exists()
    assert kinds(duplicate)[-1] == "merged"


@pytest.mark.django_db(transaction=True)
def test_two_that_are_merged_into_each_other_at_once(world: World) -> None:
    first, second = an_incident(world), an_incident(world)

    def merge(one: Incident, other: Incident) -> bool:
        try:
            services.merge(one, other, by=world.desk, now=T)
        except services.ActionRefused:
            return False
        return True

    assert sorted(map(bool, at_once(lambda: merge(first, second), lambda: merge(second, first)))) == [False, True]
    assert Incident.objects.open().count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_calling_in_racing_the_tick_and_a_second_caller(world: World, attempt: int) -> None:
    incident = taken(world)
    due = T + minutes(30)

    def call() -> bool:
        try:
            help_from(incident, world, now=due)
        except services.CallInRefused:
            return False
        return True

    at_once(call, call, lambda: advance_due(now=due))
    assert Page.objects.called_in().count() == 1
    assert kinds(incident).count("called_in") == 1
    assert not Page.objects.of_chain().filter(recipient=f"person:{world.backup.pk}").exists()


@pytest.mark.django_db(transaction=True)
def test_calling_in_racing_the_end_leaves_no_call(world: World) -> None:
    incident = taken(world)

    def call() -> bool:
        try:
            help_from(incident, world)
        except services.ActionRefused:
            return False
        return True

    at_once(call, lambda: services.resolve(incident, by=world.oncall, now=T, reason="done").pk)
    assert not Page.objects.wanted().exists()
    assert not Delivery.objects.filter(kind="page", state="queued").exists()
