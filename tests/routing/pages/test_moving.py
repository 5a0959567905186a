"""Which project it really concerns is set right by the provider's people."""

from typing import Any

import pytest

from portal import clock
from portal.models import Project
from routing.incidents import services
from routing.incidents.models import Incident
from tests.people import World, make_matrix, make_project

from .helpers import as_person, report, text


@pytest.fixture
def erp(world: World) -> Project:
    project = make_project(world.office, world.alster, "erp", world.desk_team, world.platform)
    make_matrix(project, targets={"blocker": 30})
    return project


def unsure(world: World, **fields: Any) -> Incident:
    return report(world.webshop, world.alice, project_unsure=True, **fields)


def move(incident: Incident, person: Any, project: str) -> Any:
    return as_person(person).post(f"/incidents/{incident.pk}/move/", {"project": project}, follow=True)


def test_the_desk_reads_that_it_is_not_certain_and_can_say_which(world: World, erp: Project) -> None:
    incident = unsure(world)
    shown = text(as_person(world.desk).get(f"/incidents/{incident.pk}/"))
    assert "was not sure which project" in shown
    assert f'action="/incidents/{incident.pk}/move/"' in shown
    assert '<option value="erp">' in shown
    assert "kundenportal" not in shown
    customers = text(as_person(world.alice).get(f"/incidents/{incident.pk}/"))
    assert "It is treated as webshop until that is certain" in customers
    assert "/move/" not in customers


def test_targets_and_chain_follow(world: World, erp: Project) -> None:
    incident = unsure(world)
    assert "It belongs to erp." in text(move(incident, world.desk, "erp"))
    incident.refresh_from_db()
    assert (incident.project, incident.project_unsure) == (erp, False)
    assert incident.matrix_version == erp.matrix.versions.get()
    assert incident.respond_by
    assert (incident.respond_by - incident.reported_at).total_seconds() == 30 * 60
    assert (incident.escalation.round, incident.escalation.step) == (2, 0)
    entry = incident.timeline.get(kind="moved")
    assert (entry.actor, entry.public, entry.data) == (world.desk, False, {"before": "webshop", "after": "erp"})


def test_what_somebody_has_taken_calls_nobody(world: World, erp: Project) -> None:
    incident = unsure(world)
    services.acknowledge(incident, by=world.desk, now=clock.now())
    move(incident, world.desk, "erp")
    incident.refresh_from_db()
    assert (incident.project, incident.assignee) == (erp, world.desk)
    assert (incident.escalation.state, incident.escalation.round) == ("acknowledged", 1)


def test_the_guess_may_have_been_right(world: World, erp: Project) -> None:
    incident = unsure(world)
    move(incident, world.desk, "webshop")
    incident.refresh_from_db()
    assert (incident.project, incident.project_unsure, incident.escalation.round) == (world.webshop, False, 1)
    assert incident.timeline.filter(kind="project_confirmed").count() == 1
    move(incident, world.desk, "webshop")
    assert incident.timeline.filter(kind="project_confirmed").count() == 1


def test_never_to_another_customer(world: World) -> None:
    incident = unsure(world)
    assert "cannot be moved there" in text(move(incident, world.desk, "kundenportal"))
    with pytest.raises(services.ActionRefused):
        services.move_to_project(incident, project=world.kundenportal, by=world.desk, now=clock.now())
    incident.refresh_from_db()
    assert incident.project == world.webshop


def test_what_is_over_stays(world: World, erp: Project) -> None:
    incident = unsure(world)
    services.resolve(incident, by=world.desk, now=clock.now(), reason="done")
    assert "cannot be moved there" in text(move(incident, world.desk, "erp"))


def test_only_those_who_work_incidents_move_them(world: World, erp: Project) -> None:
    incident = unsure(world)
    assert move(incident, world.alice, "erp").status_code == 403
    assert move(incident, world.charlie, "erp").status_code == 404
    assert move(incident, world.brm, "erp").status_code == 403


def test_with_one_project_there_is_nothing_to_move(world: World) -> None:
    incident = report(world.webshop, world.alice)
    assert "/move/" not in text(as_person(world.desk).get(f"/incidents/{incident.pk}/"))
