"""What is refused before a view is reached is refused plainly, never with an error of ours."""

import pytest
from django.test import Client

from portal.models import SupportHours
from tests.people import World

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/a/%00/", "/incidents/new/?project=%00", "/%00"])
def test_a_nul_in_an_address(world: World, address: str) -> None:
    client = Client()
    client.force_login(world.desk)
    assert client.get(address).status_code == 400


@pytest.mark.parametrize("address", ["/", "/api/v1/projects/"])
def test_an_unknown_host(world: World, address: str) -> None:
    answer = Client(SERVER_NAME="somewhere.example").get(address)
    assert answer.status_code == 400


def test_the_login_name_cannot_be_changed_by_oneself(world: World) -> None:
    client = Client()
    client.force_login(world.alice)
    assert client.get("/accounts/email/").status_code == 404


def test_an_unknown_country_is_refused_and_keeps_nobody_from_being_called(world: World) -> None:
    from routing.gather import decision_for
    from tests.people import SUNDAY_NIGHT

    SupportHours.objects.filter(pk=world.office.pk).update(country="XX")
    assert decision_for(world.webshop, at=SUNDAY_NIGHT, priority="blocker").chain
