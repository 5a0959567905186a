"""The pages on which an incident is worked: their forms, what others did meanwhile, and taking back."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.test import Client

from matrix.terms import Role
from portal import clock
from routing.incidents import services
from routing.incidents.models import Incident
from routing.models import IncidentLink, Page
from routing.pages import acting
from routing.paging.calling import callee_of
from tests.people import TUESDAY, World, make_project
from tests.routing.paging.test_races import at_once

from .helpers import as_person, queries, report, text


@pytest.fixture
def incident(world: World) -> Incident:
    made = report(world.webshop, world.alice)
    return services.acknowledge(made, by=world.oncall, now=clock.now())


def seen_on(client: Client, address: str) -> str:
    """What a form at the address carries."""
    context: Any = client.get(address).context
    seen: str = context["seen"]
    return seen


def page_of(incident: Incident, action: str = "") -> str:
    return f"/incidents/{incident.pk}/{action}/" if action else f"/incidents/{incident.pk}/"


def test_it_is_handed_over_with_a_remark(world: World, incident: Incident) -> None:
    client = as_person(world.oncall)
    shown = text(client.get(page_of(incident, "assign")))
    assert "Team Platform" in shown
    assert "Jana Manager" in shown
    sent = {"assignee": f"team:{world.platform.pk}", "remark": "The SAN again"}
    shown = text(client.post(page_of(incident, "assign"), sent, follow=True))
    assert "Assigned to Team Platform." in shown
    assert "Assigned to Team Platform: The SAN again" in shown
    assert "I take it" in shown
    shown = text(as_person(world.sdm).post(page_of(incident, "acknowledge"), follow=True))
    assert "It is yours." in shown
    incident.refresh_from_db()
    assert incident.assignee == world.sdm


def test_without_an_owner_nobody_stands_chosen_and_those_of_the_project_come_first(world: World) -> None:
    new = report(world.webshop, world.alice)
    client = as_person(world.desk)
    choices = client.get(page_of(new, "assign")).context["form"].fields["assignee"].choices
    assert choices[0] == ("", "Please choose")
    assert choices[1][0] == "For this project"
    assert str(world.oncall.pk) in dict(choices[1][1])
    people = [value for group, rows in choices[1:] if group != "Teams" for value, _label in rows]
    assert len(people) == len(set(people))
    assert client.post(page_of(new, "assign"), {"assignee": ""}).status_code == 400
    new.refresh_from_db()
    assert (new.status, new.assignee) == ("new", None)


def test_somebody_is_called_in_and_it_stays_with_its_owner(world: World, incident: Incident) -> None:
    client = as_person(world.oncall)
    form = client.get(page_of(incident, "call-in")).context["form"]
    values = [value for _group, rows in form.fields["callee"].choices[1:] for value, _label in rows]
    backup = next(value for value in values if value.endswith(":on_call_backup"))
    assert not any(value.startswith(f"person:{world.oncall.pk}:") for value in values)
    assert len(values) == len({value.rpartition(":")[0] for value in values})
    shown = text(client.post(page_of(incident, "call-in"), {"callee": backup, "remark": "SAN"}, follow=True))
    assert "Elif Nightly is called now." in shown
    incident.refresh_from_db()
    assert incident.assignee == world.oncall
    again = client.post(page_of(incident, "call-in"), {"callee": backup, "remark": "Still the SAN"})
    assert again.status_code == 400
    assert "being called already" in text(again)
    assert "Still the SAN" in text(again)
    assert client.post(page_of(incident, "call-in"), {"callee": "person:1:sdm"}).status_code == 400
    assert Page.objects.called_in().count() == 1


def test_somebody_is_called_in_where_no_matrix_is_in_force(world: World, frozen: Callable[[datetime], None]) -> None:
    frozen(TUESDAY)
    clinic = make_project(world.office, world.alster, "clinic", world.desk_team, world.platform)
    incident = services.acknowledge(report(clinic, world.desk), by=world.desk, now=clock.now())
    client = as_person(world.desk)
    shown = client.get(page_of(incident, "call-in"))
    assert shown.status_code == 200
    (_name, rows), *_others = shown.context["form"].fields["callee"].choices[1:]
    team = next(value for value, _label in rows if value.endswith(":project_team"))
    assert "Team Platform is called now." in text(
        client.post(page_of(incident, "call-in"), {"callee": team, "remark": "SAN"}, follow=True)
    )


@pytest.mark.parametrize(("answer", "shown"), [("acknowledge", "You come to help."), ("pass-on", "You cannot come")])
def test_who_was_called_in_answers_by_the_link(world: World, incident: Incident, answer: str, shown: str) -> None:
    called = services.call_in(
        incident, callee=callee_of(world.backup), role=Role.ON_CALL_BACKUP, by=world.oncall, now=clock.now()
    )
    link = f"/a/{called.token}/"
    assert "Marek Nightly has it and asks for your help." in text(Client().get(link))
    assert shown in text(Client().post(f"{link}{answer}/", follow=True))
    incident.refresh_from_db()
    assert (incident.status, incident.assignee) == ("acknowledged", world.oncall)


def test_lowering_a_customers_blocker_asks_whose_consent_was_given(world: World, incident: Incident) -> None:
    client = as_person(world.desk)
    sent = {"priority": "major", "why": "A detour works"}
    refused = client.post(page_of(incident, "priority"), sent)
    assert refused.status_code == 400
    assert "Say whose consent was given." in text(refused)
    assert "A detour works" in text(refused)
    shown = text(client.post(page_of(incident, "priority"), {**sent, "consent": "Alice Alster"}, follow=True))
    assert "The priority is Major now." in shown
    assert "With the consent of Alice Alster" in shown
    # From here on nothing has to be consented to.
    assert "consent" not in client.get(page_of(incident, "priority")).context["form"].fields


def test_a_duplicate_is_merged_and_both_pages_show_it(world: World, incident: Incident) -> None:
    original = report(world.webshop, world.bob, title="Orders fail")
    theirs = report(world.kundenportal, world.charlie, title="A secret of Seeburg")
    client = as_person(world.desk)
    shown = text(client.get(page_of(incident, "merge")))
    assert "Orders fail" in shown
    assert "A secret of Seeburg" not in shown
    assert client.post(page_of(incident, "merge"), {"into": theirs.pk}).status_code == 400
    client.post(page_of(incident, "merge"), {"into": original.pk})
    assert f"/incidents/{original.pk}/" in text(as_person(world.alice).get(page_of(incident)))
    assert "Merged into this one:" in text(client.get(page_of(original)))


def test_links_show_customers_nothing_of_others(world: World, incident: Incident) -> None:
    theirs = report(world.kundenportal, world.charlie, title="A secret of Seeburg")
    client = as_person(world.desk)
    assert client.post(page_of(incident, "relate"), {"number": "#x"}).status_code == 400
    assert client.post(page_of(incident, "relate"), {"number": str(incident.pk)}).status_code == 400
    client.post(page_of(incident, "relate"), {"number": f"#{theirs.pk}"})
    assert "A secret of Seeburg" in text(client.get(page_of(incident)))
    assert "A secret of Seeburg" not in text(as_person(world.alice).get(page_of(incident)))
    client.post(page_of(incident, f"unrelate/{theirs.pk}"))
    assert "A secret of Seeburg" not in text(client.get(page_of(incident)))


# --- Two people at once ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "sent", "kept"),
    [
        ("resolve", {"reason": "The disk was replaced"}, "The disk was replaced"),
        ("pass-on", {"remark": "I am on a train"}, "I am on a train"),
        ("wait", {"question": "Which shop is it?"}, "Which shop is it?"),
        ("priority", {"priority": "critical", "why": "One is left", "consent": "Alice"}, "One is left"),
        ("assign", {"assignee": "{sdm}", "remark": "Yours, I think"}, "Yours, I think"),
    ],
)
def test_who_comes_second_reads_what_the_first_did_and_may_send_again(
    world: World, incident: Incident, action: str, sent: dict[str, str], kept: str
) -> None:
    sent = {name: value.format(sdm=world.sdm.pk) for name, value in sent.items()}
    client = as_person(world.desk)
    seen = seen_on(client, page_of(incident))
    services.assign(incident, assignee=world.deputy, by=world.oncall, now=clock.now(), note="The SAN")

    second = client.post(page_of(incident, action), {**sent, "seen": seen})
    assert second.status_code == 409
    assert "Assigned to Tobias Deputy: The SAN" in text(second)
    assert kept in text(second)
    incident.refresh_from_db()
    assert (incident.status, incident.priority, incident.assignee) == ("acknowledged", "blocker", world.deputy)

    again = client.post(page_of(incident, action), {**sent, "seen": second.context["seen"]})
    assert again.status_code == 302


def test_what_the_chain_does_is_no_change_to_who_acts(world: World) -> None:
    incident = report(world.webshop, world.alice)
    client = as_person(world.desk)
    seen = seen_on(client, page_of(incident))
    services.add_note(incident, by=world.sdm, now=clock.now(), text="I look", public=False)
    answer = client.post(page_of(incident, "resolve"), {"reason": "Restarted", "seen": seen})
    assert answer.status_code == 302


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("action", "field"), [("merge", "into"), ("relate", "number")])
@pytest.mark.parametrize("attempt", range(3))
def test_two_that_are_merged_or_linked_crosswise_do_not_wait_for_each_other(
    world: World, action: str, field: str, attempt: int
) -> None:
    first, second = report(world.webshop, world.alice), report(world.webshop, world.bob)
    pairs = ((as_person(world.desk), first, second), (as_person(world.sdm), second, first))

    def post(client: Client, incident: Incident, other: Incident, seen: str) -> int:
        return client.post(page_of(incident, action), {field: str(other.pk), "seen": seen}).status_code

    jobs = [partial(post, *pair, seen_on(pair[0], page_of(pair[1], action))) for pair in pairs]
    answers = at_once(*jobs)
    # Whoever comes second is told so: before the form is read that the other is over, or after it.
    allowed = (["302", "409"], ["302", "400"]) if action == "merge" else (["302", "302"],)
    assert sorted(map(str, answers)) in allowed
    assert IncidentLink.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_taken_back_is_read_under_the_lock_though_the_form_carries_nothing_seen(
    world: World, incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = as_person(world.desk)
    find = acting.find

    def find_then_hand_over(request: Any, number: int) -> Incident:
        found = find(request, number)
        services.assign(incident, assignee=world.deputy, by=world.oncall, now=clock.now())
        return found

    monkeypatch.setattr(acting, "find", find_then_hand_over)
    client.post(page_of(incident, "resolve"), {"reason": "Restarted"})
    monkeypatch.undo()
    client.post(page_of(incident, "undo"))
    incident.refresh_from_db()
    assert (incident.status, incident.assignee) == ("acknowledged", world.deputy)


# --- Replies and notes -------------------------------------------------------------------------------------------


def test_the_forms_say_who_reads_what_is_written(world: World, incident: Incident) -> None:
    client = as_person(world.desk)
    shown = text(client.get(page_of(incident)))
    assert shown.index("Keep it among us") < shown.index("Send to Alster GmbH")
    client.post(page_of(incident, "note"), {"public": "", "text": "Looks like the SAN"})
    client.post(page_of(incident, "note"), {"public": "true", "text": "We are on it"})
    read = text(as_person(world.alice).get(page_of(incident)))
    assert "We are on it" in read
    assert "SAN" not in read
    refused = client.post(page_of(incident, "note"), {"public": "true", "text": ""})
    assert refused.context["public_form"].errors
    assert not refused.context["note_form"].errors


# --- Taking back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "sent"),
    [
        ("resolve", {"reason": "x"}),
        ("assign", {"assignee": "{sdm}"}),
        ("priority", {"priority": "critical", "why": "x", "consent": "Alice"}),
    ],
)
def test_what_one_did_by_mistake_is_taken_back(
    world: World, incident: Incident, action: str, sent: dict[str, str]
) -> None:
    sent = {name: value.format(sdm=world.sdm.pk) for name, value in sent.items()}
    before = (incident.status, incident.priority, incident.assignee)
    client = as_person(world.desk)
    assert "Undo" in text(client.post(page_of(incident, action), sent, follow=True))
    assert as_person(world.sdm).get(page_of(incident)).context["undo"] is None
    assert "Taken back" in text(client.post(page_of(incident, "undo"), follow=True))
    incident.refresh_from_db()
    assert (incident.status, incident.priority, incident.assignee) == before
    assert client.post(page_of(incident, "undo")).status_code == 409


def test_whoever_takes_an_end_back_reads_who_was_called_in_and_told(world: World, incident: Incident) -> None:
    services.acknowledge(incident, by=world.desk, now=clock.now())
    client = as_person(world.desk)
    services.call_in(incident, callee=callee_of(world.sdm), role=Role.SDM, by=world.desk, now=clock.now())
    shown = text(client.post(page_of(incident, "resolve"), {"reason": "x"}, follow=True))
    assert "Jana Manager was called in and told that it is over" in shown


def test_what_others_changed_since_is_not_taken_back(world: World, incident: Incident) -> None:
    client = as_person(world.desk)
    client.post(page_of(incident, "resolve"), {"reason": "x"})
    services.reopen(incident, by=world.alice, now=clock.now(), reason="It is not")
    assert client.get(page_of(incident)).context["undo"] is None
    assert client.post(page_of(incident, "undo")).status_code == 409
    incident.refresh_from_db()
    assert incident.status == "new"


def test_the_pages_need_few_queries(world: World, incident: Incident) -> None:
    for title in "abc":
        other = report(world.webshop, world.alice, title=title)
        services.relate(incident, other, by=world.desk, now=clock.now())
    client = as_person(world.desk)
    for action in ("", "assign", "call-in", "priority", "merge", "relate"):
        client.get(page_of(incident, action))
        assert queries(partial(client.get, page_of(incident, action))) <= 20, action
