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


def test_a_form_with_files_that_are_too_large_is_not_read(world: World) -> None:
    from django.conf import settings

    client = Client()
    client.force_login(world.alice)
    form = "/incidents/new/?project=webshop"
    length = str(settings.UPLOAD_MAX_BYTES + 1)
    refused = client.generic(
        "POST", form, b"--x", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=length
    )
    assert refused.status_code == 413
    assert "Please send smaller files" in refused.content.decode()
    # Without files the limit of every other body holds.
    fields = {"title": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1), "priority": "major"}
    assert client.post(form, fields).status_code == 413
