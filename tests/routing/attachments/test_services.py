"""Files are kept with their incident, and nothing is left of those that were not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import override_settings
from django.utils import translation

from routing.attachments.forms import AttachmentsField
from routing.attachments.queries import attachments_for
from routing.attachments.services import attach, sweep
from routing.housekeeping import keep_house
from routing.models import Attachment
from tests.people import World, make_world
from tests.routing.pages.helpers import queries, report

from .samples import PDF, upload

T = datetime(2026, 11, 24, 10, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def media(tmp_path: Path) -> Iterator[Path]:
    with override_settings(MEDIA_ROOT=tmp_path), translation.override("en"):
        yield tmp_path


def kept(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


def test_a_file_is_kept_under_a_name_nobody_chose(world: World, media: Path) -> None:
    incident = report(world.webshop, world.alice)
    (attached,) = attach(incident, [upload("../Fehler.png")], by=world.alice, now=T, public=True)
    (path,) = kept(media)
    assert path.parent == media / "attachments/2026/11/24"
    assert path.name == attached.key.hex
    assert path.stat().st_mode & 0o077 == 0
    assert (attached.name, attached.size) == ("Fehler.png", path.stat().st_size)
    entry = incident.timeline.get(kind="attached")
    assert (entry.actor, entry.public, entry.data) == (world.alice, True, {"names": ["Fehler.png"]})


def test_without_files_nothing_is_said(world: World) -> None:
    incident = report(world.webshop, world.alice)
    assert attach(incident, [], by=world.alice, now=T, public=True) == []
    assert not incident.timeline.filter(kind="attached").exists()


def test_customers_read_what_is_public(world: World) -> None:
    incident = report(world.webshop, world.alice)
    attach(incident, [upload("for-all.png")], by=world.oncall, now=T, public=True)
    attach(incident, [upload("plan.pdf", PDF)], by=world.desk, now=T, public=False)
    assert [file.name for file in attachments_for(incident, world.desk)] == ["for-all.png", "plan.pdf"]
    (shown,) = attachments_for(incident, world.alice)
    assert (shown.name, shown.by) == ("for-all.png", "on-call engineer")


def test_a_list_of_files_needs_the_same_queries_for_any_number(world: World) -> None:
    incident = report(world.webshop, world.alice)
    attach(incident, [upload()], by=world.desk, now=T, public=True)
    attachments_for(incident, world.alice)
    few = queries(lambda: attachments_for(incident, world.alice))
    attach(incident, [upload() for _number in range(5)], by=world.alice, now=T, public=True)
    assert queries(lambda: attachments_for(incident, world.alice)) == few


@pytest.mark.django_db(transaction=True)
def test_what_a_rollback_leaves_is_swept(media: Path) -> None:
    world = make_world()
    incident = report(world.webshop, world.alice)
    attach(incident, [upload()], by=world.alice, now=T, public=True)
    with transaction.atomic():
        attach(incident, [upload("lost.png")], by=world.alice, now=T, public=True)
        transaction.set_rollback(True)
    assert Attachment.objects.count() == 1
    assert len(kept(media)) == 2
    assert sweep(now=T + DAY) == 0  # somebody may still be writing
    keep_house(now=T + 2 * DAY)
    assert [path.name for path in kept(media)] == [Attachment.objects.get().key.hex]


def test_an_empty_store_is_no_error(db: None) -> None:
    assert sweep(now=T) == 0


def errors(*files: object) -> list[str]:
    try:
        AttachmentsField().clean(list(files))
    except ValidationError as error:
        return error.messages
    return []


def test_the_field_takes_what_it_should() -> None:
    assert AttachmentsField().clean([]) == []
    files = [upload(), upload("a.pdf", PDF)]
    assert AttachmentsField().clean(files) == files
    assert files[0].read()


def test_the_field_says_what_is_wrong_with_each_file() -> None:
    assert errors(upload("page.html"), upload("a.png", PDF), upload("b.txt", b"")) == [
        "“page.html” is of a kind that is not taken; put it into a ZIP file.",
        "“a.png” is not what its name says.",
        "“b.txt” is empty.",
    ]


def test_the_field_has_limits() -> None:
    most = settings.ATTACHMENTS_AT_ONCE
    assert errors(*[upload() for _number in range(most + 1)]) == [f"At most {most} files."]
    large = upload("a.log", b"x" * (settings.ATTACHMENT_MAX_BYTES + 1))
    assert errors(large) == ["“a.log” is larger than 10\xa0MiB."]
    assert errors(upload("a.log", b"x" * settings.ATTACHMENT_MAX_BYTES)) == []
