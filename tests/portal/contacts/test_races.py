"""Races on real PostgreSQL: managers against each other, one link used twice, guesses at the same time."""

import pytest

from portal import attempts, clock
from portal.contacts import services
from portal.contacts.details import Details
from portal.models import Contact, Person
from tests.people import World, make_person, make_world
from tests.routing.paging.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def test_two_managers_cannot_both_dismiss_each_other(world: World) -> None:
    erik = make_person("erik@alster.example", "Erik", staff=False)
    second = Contact.objects.create(customer=world.alster, person=erik, can_order=True, can_manage_contacts=True)
    first = Contact.objects.get(person=world.alice)

    def dismiss(whom: Contact, by: Person) -> str:
        try:
            services.leave(whom, by=by, now=clock.now())
        except services.Refused as refusal:
            return type(refusal).__name__
        return "left"

    outcomes = at_once(lambda: dismiss(first, erik), lambda: dismiss(second, world.alice))
    assert sorted(map(str, outcomes)) == ["NotAllowed", "left"]
    assert Contact.objects.managing().filter(customer=world.alster).count() == 1


def test_a_link_used_twice_at_once_makes_one_contact(world: World) -> None:
    _invitation, token = services.invite(
        world.alster, by=world.alice, now=clock.now(), email="d@alster.example", name="D", language="de",
        details=Details(),
    )  # fmt: skip

    def accept() -> bool:
        try:
            services.accept(token, now=clock.now(), password="correct-horse-battery")
        except services.NotUsable:
            return False
        return True

    assert sorted(at_once(accept, accept, accept)) == [False, False, True]  # type: ignore[type-var]
    assert Contact.objects.filter(person__email="d@alster.example").count() == 1


def test_guesses_at_the_same_time_count_too(world: World) -> None:
    def guess() -> bool:
        try:
            attempts.begin(attempts.PER_ACCOUNT, "alice@alster.example", now=clock.now())
        except attempts.TooMany:
            return False
        return True

    assert sum(map(bool, at_once(*[guess] * 12))) <= attempts.PER_ACCOUNT.most
