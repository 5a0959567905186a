"""Somebody leaves: shown where they stand, refused while anything would be without anybody."""

from datetime import timedelta

from knox.models import AuthToken
from psycopg2.extras import DateTimeTZRange

from oncall.feeds import create_duty_feed
from oncall.models import CalendarFeed, Rota, RotationMember
from oncall.queries import duty_now
from oncall.rotation import Line
from oncall.services import hand_over
from portal import clock
from portal.master_data import rows
from portal.models import Assignment, EscalationManager, Membership, Person
from routing.gather import gather
from routing.incidents.services import acknowledge
from tests.people import World, make_person
from tests.routing.pages.helpers import as_person, queries, report, text

ADMIN = "/administration"


def address(person: Person) -> str:
    return f"{ADMIN}/departures/{person.pk}/"


def test_whoever_leaves_leaves_no_hole(world: World) -> None:
    client = as_person(world.admin)
    new = make_person("new@example.com", "Nele New", 60, "On-call")
    incident = report(world.webshop, world.alice)
    acknowledge(incident, by=world.oncall, now=clock.now())
    AuthToken.objects.create(user=world.oncall)
    create_duty_feed(rota=None, by=world.oncall, now=clock.now())
    own = as_person(world.oncall)
    assert own.get("/duty/").status_code == 200
    page = client.get(address(world.oncall))
    body = text(page)
    for part in ("Team Platform", "platform, primary", "The shop is down", "Within seven days", "Nobody else"):
        assert part in body, part
    seen = page.context["form"].fields["seen"].initial
    refused = client.post(address(world.oncall), {"why": "retires", "seen": seen})
    assert refused.status_code == 400
    assert text(refused).count("Choose who takes over.") >= 3
    # Whoever has the other line already cannot have this one too: nobody would be backup.
    both = client.post(address(world.oncall), {"why": "retires", "seen": seen, "everything": str(world.backup.pk)})
    assert both.status_code == 400
    assert "would have nobody on one of its lines" in text(both)
    assert Person.objects.get(pk=world.oncall.pk).is_active
    older = client.post(address(world.oncall), {"why": "retires", "seen": "", "everything": str(new.pk)})
    assert older.status_code == 409
    # What was chosen before is still chosen.
    assert f'value="{new.pk}" selected' in text(older)
    done = client.post(address(world.oncall), {"why": "retires", "seen": seen, "everything": str(new.pk)})
    assert done["Location"] == f"{ADMIN}/people/{world.oncall.pk}/"
    now = clock.now()
    (duty,) = duty_now([world.rota], at=now)
    assert (duty.primary, duty.backup) == (new, world.backup)
    incident.refresh_from_db()
    assert incident.assignee == new
    assert set(Membership.objects.current().filter(team=world.platform).values_list("person", flat=True)) == {new.pk}
    assert not AuthToken.objects.filter(user=world.oncall).exists()
    assert not CalendarFeed.objects.filter(person=world.oncall, revoked_at=None).exists()
    assert own.get("/duty/").status_code == 302
    change = rows.changes_of(world.oncall).get(action="changed", changes__has_key="is_active")
    assert (change.by, change.why, change.changes["is_active"]) == (world.admin, "retires", [True, False])
    # The past still knows who was on duty.
    assert RotationMember.objects.filter(person=world.oncall).exists()
    assert client.get(address(world.oncall)).status_code == 404


def test_a_hole_beside_one_that_was_there_before_is_a_hole(world: World) -> None:
    now = clock.now()
    spare = Rota.objects.create(slug="spare", name="spare", zone="Europe/Berlin")
    day = DateTimeTZRange(now + timedelta(days=1), now + timedelta(days=2))
    hand_over(spare, Line.PRIMARY, world.sdm, day, by=world.admin, now=now)
    client = as_person(world.admin)
    places = client.get(address(world.sdm)).context["form"].places
    [stands_in] = [place for place in places if place.kind == "override"]
    fields = {"why": "retires", "seen": " ".join(place.key for place in places), "everything": str(world.deputy.pk)}
    refused = client.post(address(world.sdm), fields | {stands_in.key: "nobody"})
    assert refused.status_code == 400
    assert "would have nobody on one of its lines" in text(refused)
    assert client.post(address(world.sdm), fields).status_code == 302


def test_an_sdm_is_followed_by_the_deputy_or_somebody_chosen(world: World) -> None:
    client = as_person(world.admin)
    places = client.get(address(world.sdm)).context["form"].places
    # There is a deputy: it may be given up, but not by overlooking it.
    assert [place.needs for place in places] == ["", ""]
    fields = {"why": "parental leave", "seen": " ".join(place.key for place in places)}
    kundenportal, webshop = sorted(places, key=lambda place: place.name)
    fields[webshop.key] = str(world.deputy.pk)
    overlooked = client.post(address(world.sdm), fields)
    assert overlooked.status_code == 400
    assert "Choose who takes over, or that it is given up." in text(overlooked)
    fields[kundenportal.key] = "nobody"
    assert client.post(address(world.sdm), fields).status_code == 302
    facts = gather([world.webshop, world.kundenportal], at=clock.now())
    for project in (world.webshop, world.kundenportal):
        assert [each.person.id for each in facts[project.pk].sdm] == [world.deputy.pk]
    assert (
        Assignment.objects.current().filter(project=world.webshop, role="sdm", valid__upper_inf=True).get().order == 1
    )
    assert kundenportal.name.endswith("Kundenportal")


def test_the_last_escalation_manager_and_the_last_administrator_stay(world: World) -> None:
    client = as_person(world.admin)
    places = client.get(address(world.manager)).context["form"].places
    fields = {"why": "leaves", "seen": places[0].key}
    assert client.post(address(world.manager), fields).status_code == 400
    assert client.post(address(world.manager), fields | {"everything": str(world.sdm.pk)}).status_code == 302
    assert EscalationManager.objects.current().get().person == world.sdm
    last = client.post(address(world.admin), {"why": "leaves", "seen": ""})
    assert "the only one who can administrate" in text(last)
    assert Person.objects.get(pk=world.admin.pk).is_active


def test_queries_and_who_may(world: World) -> None:
    client = as_person(world.admin)
    client.get(address(world.sdm))
    assert queries(lambda: client.get(address(world.oncall))) <= 24
    for person in (world.alice, world.desk, world.sdm, world.oncall, world.brm):
        assert as_person(person).get(address(world.sdm)).status_code == 404
