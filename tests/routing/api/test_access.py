"""Every address of the API, as everybody who matters to an access rule."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from portal import clock
from routing.incidents import services
from routing.incidents.models import Incident
from tests.people import World

from .conftest import Login

COMMON = {"alice": 200, "bob": 200, "desk": 200, "oncall": 200, "admin": 200}
OWN = COMMON | {"charlie": 404}
WORK = {"alice": 403, "bob": 403, "charlie": 404}
# Status by person; None is “the status of the incident decides”, which is 200 or 409, or 400 for an empty body.
DECIDED = dict.fromkeys(("desk", "oncall", "admin"), None)
EVERY: dict[tuple[str, str], dict[str, int | None]] = {
    ("get", "projects/"): COMMON | {"charlie": 200},
    ("get", "projects/webshop/"): OWN,
    ("get", "projects/webshop/contacts/?priority=blocker"): OWN,
    ("get", "projects/webshop/matrix/"): OWN,
    ("get", "rotas/"): COMMON | {"charlie": 200},
    ("get", "rotas/platform/on-call/"): COMMON | {"charlie": 200},
    ("get", "rotas/network/on-call/"): OWN | {"alice": 404, "bob": 404},
    ("get", "coverage/"): COMMON | {"alice": 403, "bob": 403, "charlie": 403},
    ("get", "incidents/"): COMMON | {"charlie": 200},
    ("post", "incidents/"): dict.fromkeys(("alice", "bob", "charlie", "desk", "oncall", "admin"), 400),
    ("get", "incidents/NUMBER/"): OWN,
    ("get", "incidents/NUMBER/timeline/"): OWN,
    ("get", "incidents/NUMBER/pages/"): OWN | {"alice": 403, "bob": 403},
    **{
        ("post", f"incidents/NUMBER/{action}/"): WORK | DECIDED
        for action in (
            "acknowledge",
            "start",
            "assign",
            "pass-on",
            "wait",
            "resolve",
            "close",
            "priority",
            "call-in",
            "merge",
            "relate",
        )
    },
    ("post", "incidents/NUMBER/reopen/"): DECIDED | {"alice": None, "bob": None, "charlie": 404},
    ("post", "incidents/NUMBER/notes/"): DECIDED | {"alice": 400, "bob": 400, "charlie": 404},
}
PUBLIC = {"schema/", "docs/"}


@pytest.fixture
def incident(world: World) -> Incident:
    from oncall.models import Rota

    Rota.objects.create(slug="network", name="Network", zone="Europe/Berlin")
    return services.create_incident(
        project=world.webshop,
        priority="blocker",
        title="Shop is down",
        source=Incident.Source.PORTAL,
        by=world.alice,
        now=clock.now(),
    )


def address(path: str, incident: Incident) -> str:
    return f"/api/v1/{path.replace('NUMBER', incident.number)}"


@pytest.mark.parametrize(("method", "path"), EVERY)
def test_outsiders_are_asked_for_a_token(world: World, incident: Incident, method: str, path: str) -> None:
    for credentials in ({}, {"HTTP_AUTHORIZATION": "Bearer " + "0" * 64}, {"HTTP_AUTHORIZATION": "Bearer \xff"}):
        client = APIClient()
        client.credentials(**credentials)
        answer = getattr(client, method)(address(path, incident), **({"format": "json"} if method == "post" else {}))
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == "Bearer"
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == 401


@pytest.mark.parametrize(("method", "path"), EVERY)
def test_everybody_sees_their_own(world: World, api: Login, incident: Incident, method: str, path: str) -> None:
    for who, expected in EVERY[method, path].items():
        client = api(getattr(world, who))
        answer = getattr(client, method)(address(path, incident), **({"format": "json"} if method == "post" else {}))
        if expected is None:
            assert answer.status_code in (200, 400, 409), who
        else:
            assert answer.status_code == expected, who
        if who == "charlie":
            assert "Shop is down" not in answer.content.decode()


def test_a_person_who_left_gets_nothing(world: World, api: Login) -> None:
    client = api(world.desk)
    world.desk.is_active = False
    world.desk.save()
    assert client.get("/api/v1/projects/").status_code == 401


def test_a_contact_who_left_sees_nothing(world: World, api: Login, incident: Incident) -> None:
    world.alice.contacts.update(left_at=clock.now())
    assert api(world.alice).get("/api/v1/projects/").json() == []
    assert api(world.alice).get(f"/api/v1/incidents/{incident.pk}/").status_code == 404


def test_a_session_reads_and_needs_a_csrf_token_to_write(world: World, incident: Incident) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.desk)
    assert client.get("/api/v1/incidents/").status_code == 200
    answer = client.post(f"/api/v1/incidents/{incident.pk}/acknowledge/")
    assert answer.status_code == 403
    incident.refresh_from_db()
    assert incident.status == "new"


def test_every_address_is_walked_above(world: World, incident: Incident) -> None:
    walked = {address(path, incident).partition("?")[0] for _method, path in EVERY}
    for pattern in patterns(get_resolver("routing.api.urls")):
        route = pattern.removeprefix("api/v1/")
        if pattern == route or route in PUBLIC:
            continue
        for name, value in (("number", incident.number), ("key", "webshop"), ("slug", "platform")):
            route = route.replace(f"<int:{name}>", value).replace(f"<slug:{name}>", value)
        assert f"/api/v1/{route}" in walked


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield prefix + str(entry.pattern)
        else:
            yield from patterns(entry, prefix + str(entry.pattern))
