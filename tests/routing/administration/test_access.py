"""Every address of administration, walked by everybody: only administrators find it."""

import pytest
from django.test import Client

from tests.people import PRIVATE, World
from tests.routing.pages.helpers import as_person, text

OTHERS = ("alice", "charlie", "desk", "sdm", "brm", "oncall")
READ = (
    "/administration/",
    "/administration/audit/",
    "/administration/support-hours/",
    "/administration/support-hours/new/",
    "/administration/support-hours/maintenance/",
    "/administration/support-hours/maintenance/new/",
    "/administration/support-hours/installation/",
    "/administration/keys/",
    "/administration/keys/new/",
    "/administration/keys/numbers/",
    "/administration/imports/",
    "/administration/imports/people/",
    "/administration/coverage/",
    "/administration/matrices/",
    "/administration/matrices/new/",
    "/administration/rosters/rest/",
    "/administration/rosters/",
    "/administration/rosters/new/",
    "/administration/rosters/cover/",
    "/administration/customers/",
    "/administration/people/",
    "/administration/teams/",
)
"""Addresses without a parameter, or with one that exists in every world."""


@pytest.mark.parametrize("path", READ)
def test_only_administrators_find_the_page(world: World, path: str) -> None:
    assert Client().get(path)["Location"].startswith("/accounts/login/?next=")
    for name in OTHERS:
        assert as_person(getattr(world, name)).get(path).status_code == 404, name
    response = as_person(world.admin).get(path)
    assert response.status_code == 200
    assert PRIVATE not in text(response)


def test_every_page_leads_back_to_administration(world: World) -> None:
    client = as_person(world.admin)
    for path in READ[1:]:
        assert '<a href="/administration/">' in client.get(path).content.decode(), path
