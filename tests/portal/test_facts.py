"""The facts' version changes with whatever a decision depends on, and with nothing else that is common."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from portal.facts import Kept, facts_version
from portal.models import Assignment, EscalationManager, Person, WeeklyOpening
from portal.services import record, retire
from routing.models import ContactMethod
from tests.people import BEGAN, SUNDAY_NIGHT, TUESDAY, World

pytestmark = pytest.mark.django_db


def test_any_way_to_change_a_row_is_noticed(world: World) -> None:
    seen = {facts_version()}

    def changed() -> bool:
        version = facts_version()
        new = version not in seen
        seen.add(version)
        return new

    assert not changed()
    world.platform.name = "Team Plattform"
    world.platform.save()
    assert changed()
    Person.objects.filter(pk=world.sdm.pk).update(direct_line="+496990009177")
    assert changed()
    ContactMethod.objects.filter(person=world.oncall).delete()
    assert changed()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE portal_installation SET answer_margin = 20")
    assert changed()
    WeeklyOpening.objects.bulk_create([])
    assert not changed()


def test_a_login_changes_no_facts(world: World) -> None:
    before = facts_version()
    world.sdm.last_login = timezone.now()
    world.sdm.save(update_fields=["last_login"])
    assert facts_version() == before


def test_a_version_that_was_rolled_back_never_comes_again(world: World) -> None:
    undone = set()
    for _attempt in range(2):
        with transaction.atomic():
            world.office.save()
            undone.add(facts_version())
            transaction.set_rollback(True)
    world.office.save()
    assert len(undone | {facts_version()}) == 3


def test_a_shelf_is_kept_until_something_changes(world: World) -> None:
    kept = Kept[str, int](size=10)
    kept.shelf(TUESDAY)["answer"] = 42
    assert kept.shelf(TUESDAY) == {"answer": 42}
    assert kept.shelf(SUNDAY_NIGHT) == {"answer": 42}
    world.rota.save()
    assert kept.shelf(SUNDAY_NIGHT) == {}


def test_the_past_has_no_shelf_while_it_was_known_otherwise(world: World) -> None:
    """The same facts' version holds what was recorded before and after Tuesday."""
    kept = Kept[str, int](size=10)
    retire(Assignment.objects.current().filter(project=world.webshop).first(), by=None, now=TUESDAY)
    for instant in (BEGAN, TUESDAY - timedelta(seconds=1)):
        kept.shelf(instant)["answer"] = 1
        assert kept.shelf(instant) == {}
    kept.shelf(TUESDAY)["answer"] = 2
    assert kept.shelf(TUESDAY) == {"answer": 2}


def test_a_shelf_does_not_grow_without_bound(world: World) -> None:
    kept = Kept[int, int](size=10)
    for number in range(100):
        kept.shelf(TUESDAY)[number] = number
        assert len(kept.shelf(TUESDAY)) <= 10


def test_without_any_record_every_instant_is_settled() -> None:
    kept = Kept[str, int](size=10)
    kept.shelf(BEGAN - timedelta(days=10_000))["answer"] = 1
    assert kept.shelf(BEGAN) == {"answer": 1}


def test_a_record_made_now_is_in_force_for_whoever_asks_next(world: World) -> None:
    kept = Kept[str, int](size=10)
    record(EscalationManager, by=None, now=TUESDAY, person=world.admin, order=2)
    assert kept.shelf(TUESDAY - timedelta(seconds=1)) is not kept.shelf(TUESDAY - timedelta(seconds=1))
    assert kept.shelf(TUESDAY) is kept.shelf(TUESDAY + timedelta(seconds=1))
