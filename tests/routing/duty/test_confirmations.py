"""Whoever takes over a duty confirms it: asked the day before, once; and others are told where they have not."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from psycopg2.extras import DateTimeTZRange

from oncall.rotation import Line
from oncall.services import hand_over, withdraw
from portal.models import Person
from routing.duty import confirmations
from routing.duty.confirmations import ConfirmationOver, ask_and_warn, confirm, unconfirmed
from routing.models import DutyConfirmation, MailText
from routing.paging import sending
from routing.paging.models import Delivery
from tests.oncall.duty import Crew, make_crew, next_turn
from tests.people import TUESDAY, World
from tests.routing.pages.helpers import as_person, queries, text

pytestmark = pytest.mark.django_db

HANDOVER = TUESDAY + timedelta(days=1)
"""Wednesday at ten."""


def told(person: Person, *words: str) -> list[str]:
    """Mails and texts to the person with these words, in their order."""
    ways = [person.email, str(person.mobile)]
    found = MailText.objects.filter(delivery__to__in=ways).order_by("pk")
    bodies = [f"{each.delivery.channel}: {each.subject} {each.body}" for each in found.select_related("delivery")]
    return [body for body in bodies if all(word in body for word in words)]


def asked(crew: Crew) -> list[DutyConfirmation]:
    return list(DutyConfirmation.objects.filter(rota=crew.rota, withdrawn_at=None).order_by("line"))


def test_they_are_asked_the_day_before_and_others_told_where_they_stay_silent(world: World, crew: Crew) -> None:
    assert ask_and_warn(now=HANDOVER - timedelta(hours=24, minutes=1)) == 0  # nobody is asked earlier
    assert ask_and_warn(now=TUESDAY) > 0
    backup, primary = asked(crew)
    assert (primary.person, primary.begins_at, backup.person) == (crew.ole, HANDOVER, crew.romy)
    mail, sms = told(crew.ole)
    assert mail.startswith("email: Please confirm your duty from Wed 25 Nov, 10:00")
    assert f"/duty/c/{primary.token}/" in mail
    assert sms.startswith("sms:")
    assert sms.endswith(f"/duty/c/{primary.token}/")
    assert len(sms) < 170
    assert told(crew.nora) == []
    # Asked once, however often anybody looks.
    assert ask_and_warn(now=TUESDAY) == ask_and_warn(now=TUESDAY + timedelta(minutes=5)) == 0
    confirm(backup, now=TUESDAY + timedelta(hours=1))
    [open_] = unconfirmed([crew.rota], now=TUESDAY + timedelta(hours=1))
    assert (open_.line, open_.person, open_.at, open_.late) == (Line.PRIMARY, crew.ole.pk, HANDOVER, False)
    # Two hours before, whoever hands over and the administrators hear of the one who has not confirmed.
    assert ask_and_warn(now=HANDOVER - timedelta(hours=2, minutes=1)) == 0
    ask_and_warn(now=HANDOVER - timedelta(hours=2))
    assert len(told(crew.nora, "Ole Night has not confirmed")) == 2  # by mail and by text
    assert [each[:6] for each in told(world.admin, "Ole Night has not confirmed")] == ["email:"]
    assert told(crew.quirin) == []
    assert not told(world.admin, "Romy Night")
    assert unconfirmed([crew.rota], now=HANDOVER - timedelta(hours=1))[0].late
    count = MailText.objects.count()
    ask_and_warn(now=HANDOVER - timedelta(hours=1))
    assert MailText.objects.count() == count
    assert unconfirmed([crew.rota], now=HANDOVER) == []
    with pytest.raises(ConfirmationOver):
        confirm(primary, now=HANDOVER)


def test_a_change_of_the_roster_asks_the_one_and_relieves_the_other(world: World, crew: Crew) -> None:
    ask_and_warn(now=TUESDAY)
    turn = next_turn(crew.rota, crew.ole)
    period, later = DateTimeTZRange(turn.start, turn.end), TUESDAY + timedelta(hours=3)
    row = hand_over(crew.rota, Line.PRIMARY, crew.pia, period, by=world.admin, now=later)
    assert ask_and_warn(now=later) == 2
    assert [each.person for each in asked(crew)] == [crew.romy, crew.pia]
    assert len(told(crew.ole, "of yours") + told(crew.ole, "not yours any more")) == 1
    assert len(told(crew.ole, "Not on duty from")) == 1
    assert len(told(crew.pia)) == 2
    lost = DutyConfirmation.objects.get(person=crew.ole)
    with pytest.raises(ConfirmationOver):
        confirm(lost, now=later)
    # Taken back, whoever was relieved is asked anew.
    withdraw(row, by=world.admin, now=later + timedelta(hours=1))
    assert ask_and_warn(now=later + timedelta(hours=1)) == 2
    assert [each.person for each in asked(crew)] == [crew.romy, crew.ole]
    # Whoever is asked late has half an hour before others are told.
    late = HANDOVER - timedelta(minutes=50)
    hand_over(crew.rota, Line.PRIMARY, crew.tom, period, by=world.admin, now=late)
    ask_and_warn(now=late)
    assert told(crew.nora, "Tom Night") == []
    ask_and_warn(now=late + timedelta(minutes=30))
    assert len(told(crew.nora, "Tom Night")) == 2


def test_whoever_takes_over_earlier_is_not_told_that_they_are_free(world: World, crew: Crew) -> None:
    ask_and_warn(now=TUESDAY)
    earlier = TUESDAY + timedelta(hours=3)
    hand_over(crew.rota, Line.PRIMARY, crew.ole, DateTimeTZRange(earlier, HANDOVER), by=world.admin, now=earlier)
    assert ask_and_warn(now=earlier + timedelta(minutes=5)) == 1
    assert [each.person for each in asked(crew)] == [crew.romy]
    assert told(crew.ole, "not yours any more") == told(crew.ole, "Not on duty") == []


def test_one_tap_in_the_message_confirms_and_so_does_my_duty(
    world: World, crew: Crew, frozen: Callable[[datetime], None]
) -> None:
    ask_and_warn(now=TUESDAY)
    backup, primary = asked(crew)
    address, anybody = f"/duty/c/{primary.token}/", Client(enforce_csrf_checks=True)
    page = anybody.get(address)
    assert "I take over" in text(page)
    assert (page["Referrer-Policy"], page["Cache-Control"].count("no-store")) == ("no-referrer", 1)
    assert DutyConfirmation.objects.get(pk=primary.pk).confirmed_at is None  # reading changes nothing
    assert anybody.post(address).status_code == 302
    assert "Confirmed." in text(anybody.get(address))
    assert anybody.post(address).status_code == 302  # again changes nothing
    assert anybody.get("/duty/c/guessed/").status_code == 404
    # Signed in: only one's own.
    romy = as_person(crew.romy)
    assert "Please confirm that you take over" in text(romy.get("/duty/"))
    assert as_person(crew.pia).post(f"/duty/confirmations/{backup.pk}/").status_code == 404
    assert as_person(world.alice).post(f"/duty/confirmations/{backup.pk}/").status_code == 404
    assert romy.get(f"/duty/confirmations/{backup.pk}/").status_code == 405
    assert "You take over" in text(romy.post(f"/duty/confirmations/{backup.pk}/", follow=True))
    assert "Please confirm that you take over" not in text(romy.get("/duty/"))
    assert unconfirmed([crew.rota], now=TUESDAY) == []
    # Too late, or nobody's who works here.
    DutyConfirmation.objects.filter(pk=primary.pk).update(confirmed_at=None)
    frozen(HANDOVER)
    assert anybody.post(address).status_code == 410
    Person.objects.filter(pk=crew.ole.pk).update(is_active=False)
    assert anybody.get(address).status_code == 404


def test_the_text_leaves_by_the_provider(crew: Crew, frozen: Callable[[datetime], None]) -> None:
    ask_and_warn(now=TUESDAY)
    sms = Delivery.objects.get(to=str(crew.ole.mobile), channel="sms")
    frozen(TUESDAY + timedelta(minutes=1))
    assert sms.pk in sending.due_post(now=TUESDAY + timedelta(minutes=1))
    claim = sending._claim(sms.pk, now=TUESDAY + timedelta(minutes=1))
    assert claim is not None
    assert re.fullmatch(
        r"On duty from Wed 25 Nov, 10:00: .*, primary\. Confirm: http\S+/duty/c/\S+/", sending._text(claim)
    )


def test_looking_costs_little(crew: Crew) -> None:
    ask_and_warn(now=TUESDAY)
    assert queries(lambda: confirmations.look(now=TUESDAY + timedelta(minutes=5))) <= 12
    assert not confirmations.is_due(TUESDAY)
    assert queries(lambda: confirmations.is_due(TUESDAY)) == 0
    assert confirmations.is_due(TUESDAY + timedelta(minutes=5))


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_asks(world: World) -> None:
    crew = make_crew(world)
    barrier = Barrier(2)

    def work(look: Callable[..., int]) -> int:
        try:
            barrier.wait(10)
            return look(now=TUESDAY)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        # One claims the period, the other does not even ask whether somebody did.
        done = list(pool.map(work, [ask_and_warn, confirmations.look]))
    assert len(asked(crew)) == 2
    assert len(told(crew.ole)) == 2
    assert sum(done) == DutyConfirmation.objects.count()
