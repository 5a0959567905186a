"""The whole way, with phones that ring: an SDM is called, taps "in a meeting", and answers all the same."""

from collections.abc import Callable
from datetime import datetime

import pytest

from demo.phones.client import Phones
from routing.incidents.models import Status
from routing.paging.escalating import advance_due
from routing.paging.sending import send_all_due
from tests.people import TUESDAY, World
from tests.routing.pages.helpers import as_person
from tests.routing.paging.chains import report
from tests.routing.telephony.phones import phones, phones_process

__all__ = ["phones", "phones_process"]


@pytest.mark.django_db(transaction=True)
def test_the_service_desk_rings_at_once_and_the_first_call_still_counts(
    phones: Phones, world: World, frozen: Callable[[datetime], None]
) -> None:
    frozen(TUESDAY)
    mobile, desk = str(world.sdm.mobile), str(world.desk_team.phone)
    incident = report(world, at=TUESDAY)
    advance_due(now=TUESDAY)
    send_all_due(now=TUESDAY)
    phones.wait(mobile, "ringing")
    as_person(world.sdm).post(f"/presence/{world.sdm.pk}/meeting/", {"how": "60"})
    advance_due(now=TUESDAY)
    send_all_due(now=TUESDAY)
    phones.wait(desk, "ringing")
    (call,) = phones.calls(to=mobile)
    assert call["status"] == "ringing"
    phones.answer(mobile)
    phones.press(mobile, "1")
    phones.wait(mobile, "ended")
    incident.refresh_from_db()
    assert (incident.status, incident.assignee) == (Status.ACKNOWLEDGED, world.sdm)
