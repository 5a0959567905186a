"""Somebody can always administrate: whoever tries to change that, by whichever way, and two at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction

from portal.administrators import LastAdministrator
from portal.master_data import rows, services
from portal.models import ADMINISTRATORS, SERVICE_DESK, Person
from tests.people import World, make_person
from tests.routing.intake.test_races import wait_until_somebody_waits_for_us
from tests.routing.pages.helpers import as_person, text


def admins() -> Group:
    return Group.objects.get(name=ADMINISTRATORS)


def give_up(person: Person, by: Person) -> None:
    """By the service that the page calls."""
    desk = Group.objects.get(name=SERVICE_DESK)
    services.change_person(person, seen=rows.seen_of(person), by=by, groups=[desk])


def test_the_database_refuses_every_way(world: World) -> None:
    person = Person.objects.filter(pk=world.admin.pk)
    ways: list[Callable[[], object]] = [
        lambda: person.update(is_active=False),
        lambda: person.update(is_staff=False),
        world.admin.groups.clear,
        lambda: admins().user_set.set([]),
        lambda: Group.objects.filter(name=ADMINISTRATORS).update(name="Others"),
        lambda: admins().delete(),
        lambda: give_up(world.admin, world.admin),
    ]
    for way in ways:
        with pytest.raises((IntegrityError, LastAdministrator)), transaction.atomic():
            way()
    # Of two, one may go; a superuser counts as well; whoever was none may go at any time.
    second = make_person("second@example.com", "Second Admin", 12, ADMINISTRATORS)
    give_up(world.admin, second)
    Person.objects.filter(pk=world.desk.pk).update(is_active=False)
    Person.objects.filter(pk=world.sdm.pk).update(is_superuser=True)
    Person.objects.filter(pk=second.pk).update(is_active=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.filter(pk=world.sdm.pk).update(is_superuser=False)


def test_pages_and_the_administration_behind_them_say_so(world: World) -> None:
    client = as_person(world.admin)
    form = client.get(f"/administration/people/{world.admin.pk}/change/").context["form"]
    initial = {name: form.get_initial_for_field(form.fields[name], name) for name in form.fields}
    sent = {name: str(value) for name, value in initial.items() if value and name != "groups"}
    refused = client.post(f"/administration/people/{world.admin.pk}/change/", sent)
    assert refused.status_code == 400
    assert "the only one who can administrate" in text(refused)
    behind = {
        "email": world.admin.email,
        "name": world.admin.name,
        "language": "en",
        "zone": "Europe/Berlin",
        "is_staff": "on",
        "is_active": "on",
    }
    answer = client.post(f"/admin/portal/person/{world.admin.pk}/change/", behind)
    assert answer.status_code == 200
    assert "This is the only one who can administrate." in text(answer)
    assert Person.objects.get(pk=world.admin.pk).holds(ADMINISTRATORS)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_remove_each_other_one_stays(world: World) -> None:
    second = make_person("second@example.com", "Second Admin", 12, ADMINISTRATORS)

    def outcome(action: Callable[[], object]) -> str:
        try:
            action()
        except (IntegrityError, LastAdministrator) as error:
            return type(error).__name__
        finally:
            connection.close()
        return "done"

    ways: list[tuple[Callable[[], object], Callable[[], object]]] = [
        (lambda: give_up(second, world.admin), lambda: give_up(world.admin, second)),
        (
            lambda: Person.objects.filter(pk=second.pk).update(is_active=False),
            lambda: world.admin.groups.set([]),
        ),
    ]
    for first, other in ways:
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                first()
                waiting = pool.submit(outcome, other)
                wait_until_somebody_waits_for_us()
            assert waiting.result(20) in ("LastAdministrator", "IntegrityError")
        assert Person.objects.get(pk=world.admin.pk).holds(ADMINISTRATORS)
        second.groups.set([admins()])
