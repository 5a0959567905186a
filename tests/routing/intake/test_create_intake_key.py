"""`manage.py create_intake_key PROJECT`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from routing.incidents.models import Incident
from routing.intake.models import IntakeKey
from tests.people import World

pytestmark = pytest.mark.django_db


def create_intake_key(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("create_intake_key", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue().split()


def test_it_prints_the_token_and_the_address_that_takes_signals(world: World) -> None:
    token, url = create_intake_key("webshop", "--name", "Prometheus in Frankfurt")
    assert url == f"http://testserver/intake/{token}/alertmanager/"
    address = url.replace("http://testserver", "").replace("alertmanager", "generic")
    assert Client().post(address, {"title": "Down"}, content_type="application/json").status_code == 202
    assert Incident.objects.get().project == world.webshop
    assert IntakeKey.objects.get().name == "Prometheus in Frankfurt"


def test_the_token_is_stored_hashed(world: World) -> None:
    token, _ = create_intake_key("webshop")
    assert token not in str(IntakeKey.objects.values())


def test_an_unknown_project_is_an_error_that_names_the_known_ones(world: World) -> None:
    with pytest.raises(CommandError, match="kundenportal, webshop"):
        create_intake_key("webshpo")
    assert not IntakeKey.objects.exists()
