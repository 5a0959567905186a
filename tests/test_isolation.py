"""Nothing of one customer, and nothing internal, is in any answer to another: marks are sought at every address.

The addresses come from the URL configuration itself. Whoever adds one with a new parameter is asked here what to put.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from psycopg2.extras import DateTimeTZRange

from oncall.feeds import create_duty_feed, create_project_feed
from oncall.models import CalendarFeed
from oncall.rotation import Line
from portal import clock
from portal.contacts.services import Details, invite
from portal.models import Contact, Customer, Invitation, Person, Project
from routing.attachments.models import Attachment
from routing.attachments.services import attach
from routing.duty.models import DutyConfirmation
from routing.duty.services import ask
from routing.incidents import services
from routing.incidents.models import Incident
from routing.intake.services import create_intake_key
from routing.models import ContactMethod, Delivery, Page
from routing.paging.escalating import advance_due
from tests.people import World

pytestmark = pytest.mark.django_db

THEIRS = "Zwergspitz"
"""A word in everything that belongs to Alster."""
INTERNAL = "Quittenbaum"
"""A word in everything that only the provider's people may read."""
NIGHTLY = "Nightly"
"""The surname of whoever is on duty."""
PRIVATE_DIGITS = "17139200"
"""How every private number begins."""
LIBRARIES = ("admin/", "accounts/", "i18n/")
"""Nothing below these is about a customer's project."""
MANY = [
    "?q=" + THEIRS,
    "?q=" + INTERNAL,
    "?status=all",
    "?priority=blocker",
    "?at=2026-11-29T03:00:00%2B01:00",
    "?show=internal&before=999999999",
]


@dataclass
class Planted:
    world: World
    incident: Incident
    attachment: Attachment
    feed: CalendarFeed
    invitation: Invitation
    duty: dict[str, int]
    """By what an address of duty begins with: the key of a row."""

    def administration(self, route: str) -> dict[str, str]:
        """What stands in an address of administration."""
        found = {"int:pk": str(self.world.desk.pk)}
        match route.split("/")[1]:
            case "customers":
                found["slug:key"] = self.world.alster.key
            case "teams":
                found["slug:slug"] = self.world.platform.slug
            case "assignments":
                found["int:pk"] = str(self.world.webshop.assignments.get(role="brm").pk)
            case "members":
                found["int:pk"] = str(self.world.platform.memberships.earliest("pk").pk)
        return found

    def parameters(self, route: str) -> dict[str, str]:
        """What stands in an address: always something of Alster's, or of the provider's."""
        found = {
            "slug:key": self.world.webshop.key,
            "int:number": str(self.incident.pk),
            "int:other": str(self.incident.pk + 1),  # what monitoring reported, of the same project
            "slug:slug": self.world.rota.slug,
            "str:token": "guessed",  # whoever knows a token is whom it was made for
            "str:key": "guessed",
            "uuid:public_id": str(Delivery.objects.earliest("pk").public_id),
            "uuid:key": str(self.attachment.key),
            "str:format_name": "generic",
            "slug:entry": "sdm-1",
            "uuid:uid": str(self.attachment.key),  # maintenance has its own; a customer's way ends before it
        }
        for prefix, values in self._below(route).items():
            if route.startswith(prefix):
                found |= values
        if route.startswith("administration/"):
            found |= self.administration(route)
        if "/invitations/" in route:
            found["int:pk"] = str(self.invitation.pk)
        return found

    def _below(self, route: str) -> dict[str, dict[str, str]]:
        """By how a route begins, the later of two counting: administrators' alone may be any number."""
        world = self.world
        bob, alice = (str(Contact.objects.get(person=each).pk) for each in (world.bob, world.alice))
        method = ContactMethod.objects.filter(person=world.oncall).earliest("pk")
        oncall, version = str(world.oncall.pk), str(world.versions["webshop"].pk)
        return {
            "customers/": {"slug:key": world.alster.key, "int:pk": bob},
            "reports/": {"slug:key": world.alster.key, "str:period": f"{self.incident.reported_at:%Y-%m}"},
            "projects/": {"int:number": str(self.feed.pk)} if "/calendar/" in route else {},
            "duty/": {"int:pk": str(self.duty.get(route.split("/")[1], 0)) if "/" in route else "0"},
            "profile/reach/": {"int:pk": str(method.pk)},
            "profile/pin/": {"int:pk": alice},
            "presence/": {"int:pk": str(world.sdm.pk), "int:absence": "1"},
            "on-call/": {"int:pk": oncall},
            "administration/": {"int:pk": "1", "slug:kind": "people"},
            "administration/rosters/rest/": {"int:pk": oncall},
            "administration/matrices/": {"int:pk": version, "slug:word": "blocker"},
        }


@pytest.fixture
def planted(world: World) -> Planted:
    now = clock.now()
    Customer.objects.filter(pk=world.alster.pk).update(name=f"{THEIRS} GmbH", city=THEIRS)
    Project.objects.filter(pk=world.webshop.pk).update(name=f"{THEIRS} shop")
    Person.objects.filter(pk__in=[world.alice.pk, world.bob.pk]).update(function=THEIRS)
    for person in (world.alice, world.bob):
        Person.objects.filter(pk=person.pk).update(name=f"{person.name} {THEIRS}")
    type(world.rota).objects.filter(pk=world.rota.pk).update(name=INTERNAL)
    world.webshop.refresh_from_db()
    incident = services.create_incident(
        project=world.webshop,
        priority="blocker",
        title=f"{THEIRS} is down",
        description=f"Since the update of {THEIRS}",
        source=Incident.Source.PORTAL,
        by=world.alice,
        reporter=world.alice,
        now=now,
    )
    services.add_note(incident, by=world.desk, now=now, text=f"{INTERNAL}: they forgot to pay", public=False)
    services.add_note(incident, by=world.alice, now=now, text=f"{THEIRS}: it is urgent", public=True)
    secret = SimpleUploadedFile(f"{INTERNAL}.txt", INTERNAL.encode())
    attach(incident, [secret], by=world.desk, now=now, public=False)
    shared = SimpleUploadedFile(f"{THEIRS}.txt", THEIRS.encode())
    (file,) = attach(incident, [shared], by=world.alice, now=now, public=True)
    key, _token = create_intake_key(project=world.webshop, name=INTERNAL, by=None, now=now)
    services.create_incident(
        project=world.webshop,
        priority="minor",
        title=f"{INTERNAL} {THEIRS} disk",
        source=Incident.Source.MONITORING,
        by=None,
        actor_name=INTERNAL,
        intake_key=key,
        now=now,
    )
    advance_due(now=now)
    services.acknowledge(incident, by=world.oncall, now=now)
    feed, _token = create_project_feed(project=world.webshop, by=world.alice, now=now)
    invitation, _token = invite(
        world.alster,
        by=world.alice,
        now=now,
        email="new@example.com",
        name=f"Nina {THEIRS}",
        language="en",
        details=Details(),
    )
    starts = now + timedelta(days=1)
    swap = ask(
        world.rota,
        Line.PRIMARY,
        DateTimeTZRange(starts, starts + timedelta(days=1)),
        of=[world.manager],
        by=world.oncall,
        now=now,
        note=INTERNAL,
    )
    duty_feed, _token = create_duty_feed(rota=world.rota, by=world.oncall, now=now)
    page = Page.objects.filter(person=world.oncall).latest("pk")
    asked = DutyConfirmation.objects.create(
        rota=world.rota, line="primary", person=world.oncall, begins_at=starts, asked_at=now
    )
    duty = {"confirmations": asked.pk, "swaps": swap.pk, "calendar": duty_feed.pk, "call-outs": page.pk}
    return Planted(world, incident, file, feed, invitation, duty)


def addresses(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, route)
        elif not route.startswith(LIBRARIES):
            yield route, pattern


def filled(route: str, planted: Planted) -> str:
    parameters = planted.parameters(route)
    for name in re.findall(r"<(\w+:\w+)>", route):
        assert name in parameters, f"say in this test what stands for “{name}” in {route}"
        route = route.replace(f"<{name}>", parameters[name])
    return f"/{route}"


def everything(planted: Planted, person: Person) -> Iterator[tuple[str, Any]]:
    """Each address with its answer to the person, by GET with some questions, and by an empty POST."""
    client = Client()
    for route, _pattern in addresses(get_resolver()):
        client.force_login(person)  # some addresses end the session
        path = filled(route, planted)
        plain = client.get(path, follow=True)
        yield path, plain
        for question in MANY if plain.status_code == 200 else ():
            yield path + question, client.get(path + question, follow=True)
        yield f"POST {path}", client.post(path, {}, follow=True)


def body(response: Any) -> str:
    data = b"".join(response.streaming_content) if response.streaming else response.content
    text: str = data.decode("utf-8", "replace")
    # However a number is written for the eye.
    return text + re.sub(r"[\s()/‑–-]|&nbsp;|%20", "", text)


def test_the_customer_next_door_reads_nothing_of_ours(planted: Planted) -> None:
    for path, response in everything(planted, planted.world.charlie):
        shown = body(response)
        for mark in (THEIRS, INTERNAL, PRIVATE_DIGITS, NIGHTLY):
            # A search that finds nothing repeats what was sought.
            sought = mark in path
            assert mark not in shown or sought, f"{mark} in {path}"


def test_what_is_another_customers_does_not_exist(planted: Planted) -> None:
    """Not even a refusal tells that there is something: 404 wherever the address names what is Alster's."""
    client = Client()
    client.force_login(planted.world.charlie)
    checked = 0
    for route, _pattern in addresses(get_resolver()):
        if not re.search(r"<(slug:key|int:number|int:pk)>", route):
            continue
        path = filled(route, planted)
        answers = {client.get(path).status_code, client.post(path, {}).status_code}
        assert answers <= {404, 405}, f"{path}: {answers}"
        assert 404 in answers, path
        checked += 1
    assert checked > 20


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_customers_read_nothing_internal(planted: Planted, name: str) -> None:
    person: Person = getattr(planted.world, name)
    seen = 0
    for path, response in everything(planted, person):
        shown = body(response)
        seen += THEIRS in shown
        for mark in (INTERNAL, PRIVATE_DIGITS, NIGHTLY, "Seeburg"):
            assert mark not in shown or mark in path, f"{mark} in {path}"
    assert seen > 10  # the marks are where they were put
