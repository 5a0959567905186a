"""Downloads: for those who may see the incident, to be saved, never shown as a page of this site."""

import pytest
from django.test import Client

from portal import clock
from routing.attachments.services import attach
from routing.models import Attachment
from tests.people import World
from tests.routing.attachments.samples import PDF, PNG, upload

from .helpers import as_person, report, text


def attached(world: World, *, public: bool = True, name: str = "Fehler 502.png", content: bytes = PNG) -> Attachment:
    incident = report(world.webshop, world.alice)
    by = world.alice if public else world.desk
    (attachment,) = attach(incident, [upload(name, content)], by=by, now=clock.now(), public=public)
    return attachment


def address(attachment: Attachment) -> str:
    return f"/incidents/{attachment.incident_id}/files/{attachment.key}/"


def test_a_file_comes_as_it_was_sent_and_is_never_shown(world: World) -> None:
    response = as_person(world.bob).get(address(attached(world)))
    assert b"".join(response.streaming_content) == PNG  # type: ignore[attr-defined]  # a FileResponse
    assert response["Content-Type"] == "image/png"
    assert response["Content-Disposition"] == 'attachment; filename="Fehler 502.png"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert {"private", "no-store"} <= set(response["Cache-Control"].split(", "))


def test_what_the_sender_called_it_does_not_count(world: World) -> None:
    """The browser claimed text/html (see `upload`)."""
    response = as_person(world.alice).get(address(attached(world, name="a.log", content=b"<script>alert(1)</script>")))
    assert response["Content-Type"] == "text/plain"


@pytest.mark.parametrize("name", ["..png", " .png"])
def test_a_name_that_is_almost_none_can_be_saved_all_the_same(world: World, name: str) -> None:
    incident = report(world.webshop, world.alice)
    client = as_person(world.alice)
    client.post(f"/incidents/{incident.pk}/note/", {"text": "", "attachments": [upload(name)]})
    response = client.get(address(Attachment.objects.get()))
    assert response["Content-Type"] == "image/png"
    assert response["Content-Disposition"] == 'attachment; filename="file.png"'


@pytest.mark.parametrize("name", ["charlie", "manager_of_nobody"])
def test_for_others_it_does_not_exist(world: World, name: str) -> None:
    file = attached(world)
    if name == "charlie":
        assert as_person(world.charlie).get(address(file)).status_code == 404
    else:
        world.alice.contacts.update(left_at=clock.now())
        assert as_person(world.alice).get(address(file)).status_code == 404


def test_an_outsider_signs_in_first(world: World) -> None:
    assert Client().get(address(attached(world)))["Location"].startswith("/accounts/login/")


def test_it_belongs_to_its_incident_alone(world: World) -> None:
    file, other = attached(world), report(world.webshop, world.alice)
    assert as_person(world.alice).get(f"/incidents/{other.pk}/files/{file.key}/").status_code == 404


def test_internal_files_are_for_the_provider(world: World) -> None:
    file = attached(world, public=False, name="plan.pdf", content=PDF)
    assert as_person(world.alice).get(address(file)).status_code == 404
    assert as_person(world.desk).get(address(file)).status_code == 200
    page = f"/incidents/{file.incident_id}/"
    assert "plan.pdf" not in text(as_person(world.alice).get(page))
    assert "plan.pdf" in text(as_person(world.desk).get(page))


def test_the_incident_lists_its_files(world: World) -> None:
    file = attached(world)
    shown = text(as_person(world.alice).get(f"/incidents/{file.incident_id}/"))
    assert address(file) in shown
    assert "File attached: Fehler 502.png" in shown


def test_a_file_that_was_lost_is_not_found(world: World) -> None:
    file = attached(world)
    file.file.storage.delete(file.file.name)
    assert as_person(world.alice).get(address(file)).status_code == 404
