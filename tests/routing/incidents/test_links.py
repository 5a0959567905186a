"""Links between incidents: both ways, once, and nobody reads of what they may not see."""

import pytest

from portal import clock
from routing.incidents.links import Tie, linked_to, relate, unrelate
from routing.models import IncidentLink
from tests.people import World, make_world
from tests.routing.pages.helpers import report
from tests.routing.paging.test_races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def test_two_are_related_both_ways_and_once(world: World) -> None:
    first, second = (report(world.webshop, world.alice, title=title) for title in ("Shop", "Checkout"))

    relate(second, first, by=world.desk, now=clock.now())
    relate(first, second, by=world.sdm, now=clock.now())

    assert [(each.incident, each.tie, each.by) for each in linked_to(first, world.desk)] == [
        (second, Tie.RELATED, world.desk)
    ]
    assert [each.incident for each in linked_to(second, world.desk)] == [first]
    entries = [incident.timeline.get(kind="linked") for incident in (first, second)]
    assert [entry.data["number"] for entry in entries] == [second.number, first.number]
    assert not any(entry.public for entry in entries)


def test_customers_read_links_between_what_they_see_alone(world: World) -> None:
    ours, also_ours = (report(world.webshop, world.alice, title=title) for title in ("Shop", "Checkout"))
    theirs = report(world.kundenportal, world.charlie)
    relate(ours, theirs, by=world.desk, now=clock.now())
    relate(ours, also_ours, by=world.desk, now=clock.now())

    assert [each.incident for each in linked_to(ours, world.alice)] == [also_ours]
    assert linked_to(theirs, world.charlie) == []
    assert [each.incident for each in linked_to(ours, world.desk)] == [theirs, also_ours]


def test_a_link_may_be_taken_back_and_made_again(world: World) -> None:
    first, second = (report(world.webshop, world.alice, title=title) for title in ("Shop", "Checkout"))
    relate(first, second, by=world.desk, now=clock.now())

    assert unrelate(second, first, by=world.desk, now=clock.now())
    assert not unrelate(second, first, by=world.desk, now=clock.now())
    assert linked_to(first, world.desk) == []
    assert first.timeline.filter(kind="unlinked").count() == 1

    relate(first, second, by=world.desk, now=clock.now())
    assert len(linked_to(first, world.desk)) == 1


def test_nothing_is_related_to_itself(world: World) -> None:
    incident = report(world.webshop, world.alice)
    with pytest.raises(ValueError, match="itself"):
        relate(incident, incident, by=world.desk, now=clock.now())


@pytest.mark.django_db(transaction=True)
def test_two_people_who_link_at_once_make_one_link(world: World) -> None:
    first, second = (report(world.webshop, world.alice, title=title) for title in ("Shop", "Checkout"))
    now = clock.now()

    links = at_once(
        lambda: relate(first, second, by=world.desk, now=now).pk,
        lambda: relate(second, first, by=world.sdm, now=now).pk,
    )

    assert links[0] == links[1]
    assert IncidentLink.objects.count() == 1
    assert first.timeline.filter(kind="linked").count() == second.timeline.filter(kind="linked").count() == 1
