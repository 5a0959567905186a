"""Inviting, changing, dismissing and taking back: who may what, and what it does at once."""

from datetime import time, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from knox.models import AuthToken

from portal import clock
from portal.contacts import reachable, services
from portal.contacts.authority import authority_over
from portal.contacts.details import Details
from portal.models import INVITATION_VALID, Contact, ContactChange, Invitation, Person, Project, WeeklyOpening
from tests.people import World, make_person

REPORTER = Details(can_report=True)
WORDS = "correct-horse-battery"


def contact_of(person: Person) -> Contact:
    return Contact.objects.get(person=person)


def invited(
    world: World, by: Person | None = None, details: Details = REPORTER, **fields: str
) -> tuple[Invitation, str]:
    given = {"email": "Dora@Alster.example", "name": "Dora Alster", "language": "de", **fields}
    return services.invite(world.alster, by=by or world.alice, now=clock.now(), details=details, **given)


def second_manager(world: World) -> Contact:
    person = make_person("erik@alster.example", "Erik Alster", staff=False)
    return Contact.objects.create(customer=world.alster, person=person, can_manage_contacts=True)


def test_whoever_accepts_is_a_contact_as_the_invitation_says(world: World) -> None:
    details = Details(
        can_report=True, can_order=True, projects=("webshop",), phones=("+4940123456",), call_back_order=2,
        hours="0-4 09:00-17:00",
    )  # fmt: skip
    _invitation, token = invited(world, details=details)
    assert not Person.objects.filter(email="dora@alster.example").exists()
    contact = services.accept(token, now=clock.now(), password=WORDS)
    assert Details.of(contact) == details
    person = contact.person
    assert (person.email, person.name, person.language, person.zone) == (
        "dora@alster.example",
        "Dora Alster",
        "de",
        "Europe/Berlin",
    )
    assert person.check_password(WORDS)
    assert list(Project.objects.visible_to(person)) == [world.webshop]


def test_a_link_works_once(world: World) -> None:
    _invitation, token = invited(world)
    services.accept(token, now=clock.now(), password=WORDS)
    with pytest.raises(services.NotUsable):
        services.accept(token, now=clock.now(), password="another-password")
    assert Person.objects.get(email="dora@alster.example").check_password(WORDS)


@pytest.mark.parametrize("late", [INVITATION_VALID, INVITATION_VALID + timedelta(days=1)])
def test_a_link_expires(world: World, late: timedelta) -> None:
    _invitation, token = invited(world)
    with pytest.raises(services.NotUsable):
        services.accept(token, now=clock.now() + late, password=WORDS)


def test_a_link_that_was_sent_again_replaces_the_one_before(world: World) -> None:
    invitation, first = invited(world)
    second = services.renew(invitation, by=world.alice, now=clock.now())
    with pytest.raises(services.NotUsable):
        services.accept(first, now=clock.now(), password=WORDS)
    assert services.accept(second, now=clock.now(), password=WORDS)


def test_a_withdrawn_link_is_dead(world: World) -> None:
    invitation, token = invited(world)
    services.revoke(invitation, by=world.desk, now=clock.now())
    with pytest.raises(services.NotUsable):
        services.accept(token, now=clock.now(), password=WORDS)
    with pytest.raises(services.NotUsable):
        services.renew(invitation, by=world.alice, now=clock.now())


def test_the_invitations_of_a_manager_who_left_are_dead(world: World) -> None:
    second_manager(world)
    _invitation, token = invited(world)
    services.leave(contact_of(world.alice), by=world.desk, now=clock.now())
    with pytest.raises(services.NotUsable):
        services.accept(token, now=clock.now(), password=WORDS)


def test_the_token_is_stored_hashed(world: World) -> None:
    invitation, token = invited(world)
    invitation.refresh_from_db()
    assert token not in str(vars(invitation))


def test_an_existing_person_keeps_their_password(world: World) -> None:
    _invitation, token = invited(world, email="charlie@seeburg.example", name="Somebody Else")
    contact = services.accept(token, now=clock.now())
    assert contact.person == world.charlie
    world.charlie.refresh_from_db()
    assert world.charlie.name == "Charlie Seeburg"
    assert world.charlie.check_password("a-long-password")
    assert set(Project.objects.visible_to(world.charlie)) == {world.webshop, world.kundenportal}


def test_until_somebody_accepts_a_known_address_looks_like_an_unknown_one(world: World) -> None:
    known, _token = invited(world, email="charlie@seeburg.example", name="Some Body")
    unknown, _token = invited(world, email="nobody@seeburg.example", name="Some Body")
    ignored = {"id", "email", "token_hash", "created_at", "expires_at"}
    rows = Invitation.objects.filter(pk__in=[known.pk, unknown.pk]).values()
    first, second = ({name: value for name, value in row.items() if name not in ignored} for row in rows)
    assert first == second
    assert not Contact.objects.filter(customer=world.alster, person=world.charlie).exists()


def test_nobody_is_invited_twice(world: World) -> None:
    invited(world)
    with pytest.raises(services.IsInvited):
        invited(world)
    with pytest.raises(services.IsContact):
        invited(world, email="bob@alster.example")
    services.leave(contact_of(world.bob), by=world.alice, now=clock.now())
    with pytest.raises(services.WasContact):
        invited(world, email="bob@alster.example")


def test_nobody_grants_more_than_they_hold(world: World) -> None:
    Contact.objects.filter(person=world.bob).update(can_manage_contacts=True, can_report=True)
    for details in (
        Details(can_order=True, projects=("webshop",)),
        Details(projects=()),
        Details(projects=("webshop", "kundenportal")),
        Details(projects=("kundenportal",)),
    ):
        with pytest.raises(services.NotAllowed):
            invited(world, by=world.bob, details=details)
    assert invited(world, by=world.bob, details=Details(projects=("webshop",), can_manage_contacts=True))


def test_a_limit_to_a_strange_project_never_becomes_no_limit(world: World) -> None:
    with pytest.raises(services.NotAllowed):
        services.change(
            contact_of(world.bob), by=world.alice, now=clock.now(), details=Details(projects=("kundenportal",))
        )
    assert Details.of(contact_of(world.bob)).projects == ("webshop",)


def test_whoever_holds_more_is_out_of_reach(world: World) -> None:
    second_manager(world)
    Contact.objects.filter(person=world.bob).update(can_manage_contacts=True)
    alice = contact_of(world.alice)
    with pytest.raises(services.NotAllowed):
        services.leave(alice, by=world.bob, now=clock.now())
    with pytest.raises(services.NotAllowed):
        services.change(alice, by=world.bob, now=clock.now(), details=Details(projects=("webshop",)))


@pytest.mark.parametrize("name", ["bob", "charlie", "oncall", "brm"])
def test_others_manage_nothing(world: World, name: str) -> None:
    by = getattr(world, name)
    assert authority_over(world.alster, by) is None
    with pytest.raises(services.NotAllowed):
        invited(world, by=by)
    with pytest.raises(services.NotAllowed):
        services.leave(contact_of(world.alice), by=by, now=clock.now())


def test_with_the_last_contact_the_account_is_closed(world: World) -> None:
    AuthToken.objects.create(user=world.bob)
    services.leave(contact_of(world.bob), by=world.alice, now=clock.now())
    world.bob.refresh_from_db()
    assert not world.bob.is_active
    assert not AuthToken.objects.filter(user=world.bob).exists()
    assert not Project.objects.visible_to(world.bob).exists()
    assert contact_of(world.bob).left_at is not None


def test_a_contact_of_two_customers_keeps_the_other(world: World) -> None:
    Contact.objects.create(customer=world.seeburg, person=world.bob)
    token = AuthToken.objects.create(user=world.bob)[0]
    services.leave(Contact.objects.get(customer=world.alster, person=world.bob), by=world.alice, now=clock.now())
    world.bob.refresh_from_db()
    assert world.bob.is_active
    assert AuthToken.objects.filter(pk=token.pk).exists()
    assert list(Project.objects.visible_to(world.bob)) == [world.kundenportal]


def test_coming_back_opens_the_account_again_without_its_pin(world: World) -> None:
    contact = contact_of(world.bob)
    services.new_pin(contact, now=clock.now())
    services.leave(contact, by=world.alice, now=clock.now())
    services.come_back(contact, by=world.alice, now=clock.now())
    world.bob.refresh_from_db()
    assert world.bob.is_active
    assert contact_of(world.bob).pin == ""
    assert list(Project.objects.visible_to(world.bob)) == [world.webshop]


def test_a_token_made_while_the_account_was_closed_does_not_come_back(world: World) -> None:
    """As by a request that had begun before."""
    contact = contact_of(world.bob)
    services.leave(contact, by=world.alice, now=clock.now())
    AuthToken.objects.create(user=world.bob)
    services.come_back(contact, by=world.alice, now=clock.now())
    assert not AuthToken.objects.filter(user=world.bob).exists()


def test_a_project_that_went_to_another_customer_is_not_ours_any_more(world: World) -> None:
    assert list(Project.objects.visible_to(world.bob)) == [world.webshop]
    Project.objects.filter(pk=world.webshop.pk).update(customer=world.seeburg)
    assert not Project.objects.visible_to(world.bob).exists()
    assert world.webshop in Project.objects.visible_to(world.charlie)


def test_what_an_administrator_closed_no_manager_opens(world: World) -> None:
    Person.objects.filter(pk=world.bob.pk).update(is_active=False)
    contact = contact_of(world.bob)
    services.leave(contact, by=world.alice, now=clock.now())
    services.come_back(contact, by=world.alice, now=clock.now())
    world.bob.refresh_from_db()
    assert not world.bob.is_active


def test_an_account_that_came_back_and_was_closed_by_an_administrator_is_not_opened_elsewhere(world: World) -> None:
    contact = contact_of(world.bob)
    services.leave(contact, by=world.alice, now=clock.now())
    services.come_back(contact, by=world.alice, now=clock.now())
    Person.objects.filter(pk=world.bob.pk).update(is_active=False)
    _invitation, token = services.invite(
        world.seeburg, by=world.desk, now=clock.now(), email=world.bob.email, name="Bob", language="en",
        details=REPORTER,
    )  # fmt: skip
    services.accept(token, now=clock.now())
    world.bob.refresh_from_db()
    assert not world.bob.is_active


def test_an_account_closed_with_its_last_contact_is_opened_by_another_customer(world: World) -> None:
    services.leave(contact_of(world.bob), by=world.alice, now=clock.now())
    _invitation, token = services.invite(
        world.seeburg, by=world.desk, now=clock.now(), email=world.bob.email, name="Bob", language="en",
        details=REPORTER,
    )  # fmt: skip
    services.accept(token, now=clock.now())
    world.bob.refresh_from_db()
    assert world.bob.is_active
    assert list(Project.objects.visible_to(world.bob)) == [world.kundenportal]


def test_the_last_manager_stays_unless_the_provider_says_otherwise(world: World) -> None:
    alice = contact_of(world.alice)
    with pytest.raises(services.LastManager):
        services.leave(alice, by=world.alice, now=clock.now())
    with pytest.raises(services.LastManager):
        services.change(alice, by=world.alice, now=clock.now(), details=Details(can_report=True))
    services.leave(alice, by=world.desk, now=clock.now())
    assert contact_of(world.alice).left_at is not None


def test_one_of_two_managers_may_go(world: World) -> None:
    second_manager(world)
    services.leave(contact_of(world.alice), by=world.alice, now=clock.now())
    assert Contact.objects.managing().filter(customer=world.alster).count() == 1


def test_every_change_is_written_down(world: World) -> None:
    contact = contact_of(world.bob)
    invitation, token = invited(world)
    services.renew(invitation, by=world.desk, now=clock.now())
    services.change(contact, by=world.alice, now=clock.now(), details=Details(can_report=False, projects=("webshop",)))
    services.change(contact, by=world.alice, now=clock.now(), details=Details(can_report=False, projects=("webshop",)))
    services.leave(contact, by=world.alice, now=clock.now())
    rows = ContactChange.objects.order_by("pk").values_list("kind", "by__name", "name", "details")
    assert list(rows) == [
        ("invited", "Alice Alster", "Dora Alster", {}),
        ("sent_again", "Lukas Desk", "Dora Alster", {}),
        ("changed", "Alice Alster", "Bob Alster", {"can_report": [True, False]}),
        ("left", "Alice Alster", "Bob Alster", {}),
    ]
    del token


@pytest.mark.parametrize("sql", ["UPDATE portal_contactchange SET name = 'x'", "DELETE FROM portal_contactchange"])
def test_what_was_written_down_stays(world: World, sql: str) -> None:
    invited(world)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_hours_that_change_stay_recorded(world: World) -> None:
    contact = contact_of(world.bob)
    first = Details(projects=("webshop",), hours="0-4 09:00-17:00")
    services.change(contact, by=world.alice, now=clock.now(), details=first)
    before = clock.now()
    services.change(
        contact, by=world.alice, now=clock.now(), details=Details(projects=("webshop",), hours="0-5 08:30-12:00")
    )
    row = contact_of(world.bob)
    assert reachable.hours_text(row.reachable) == "0-5 08:30-12:00"
    then = WeeklyOpening.objects.as_of(before).filter(hours=row.reachable)
    assert {(opening.weekday, opening.opens) for opening in then} == {(day, time(9)) for day in range(5)}
    services.change(contact, by=world.alice, now=clock.now(), details=Details(projects=("webshop",)))
    assert contact_of(world.bob).reachable is None


def test_the_offices_own_hours_are_never_changed(world: World) -> None:
    Contact.objects.filter(person=world.bob).update(reachable=world.office)
    services.change(
        contact_of(world.bob),
        by=world.alice,
        now=clock.now(),
        details=Details(projects=("webshop",), hours="0-6 09:00-10:00"),
    )
    assert reachable.hours_text(world.office) == "0-4 08:00-18:00"
    assert contact_of(world.bob).reachable != world.office


def test_hours_too_fine_for_the_form_are_kept(world: World) -> None:
    WeeklyOpening.objects.current().filter(hours=world.office, weekday=2).delete()
    Contact.objects.filter(person=world.bob).update(reachable=world.office)
    details = Details.of(contact_of(world.bob))
    assert details.hours == reachable.KEEP
    services.change(contact_of(world.bob), by=world.alice, now=clock.now(), details=details)
    assert contact_of(world.bob).reachable == world.office
