"""The whole record of an incident: every line and message, the oldest first, for the provider's people alone."""

import csv
from collections.abc import Callable
from datetime import datetime
from io import StringIO

import pytest

from routing.incidents import services
from routing.incidents.models import Incident, TimelineEntry
from routing.paging import deliveries
from routing.paging.escalating import advance_due
from routing.paging.models import Delivery
from tests.people import PRIVATE, SUNDAY_NIGHT, World, minutes

from .helpers import as_person, queries, report, text


@pytest.fixture
def story(world: World, frozen: Callable[[datetime], None]) -> Incident:
    frozen(SUNDAY_NIGHT)
    incident = report(world.webshop, world.alice, description="Since nine")
    advance_due(now=SUNDAY_NIGHT)
    deliveries.undelivered(Delivery.objects.get(channel="voice"), error="busy", now=SUNDAY_NIGHT)
    services.add_note(incident, by=world.desk, now=SUNDAY_NIGHT + minutes(1), text='=HYPERLINK("x")', public=False)
    services.acknowledge(incident, by=world.oncall, now=SUNDAY_NIGHT + minutes(2))
    return incident


def rows(answer: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(answer.removeprefix("\ufeff"))))


def test_every_line_and_message_is_in_the_table(world: World, story: Incident) -> None:
    answer = as_person(world.desk).get(f"/incidents/{story.pk}/record.csv")
    assert answer["Content-Disposition"] == f'attachment; filename="incident-{story.pk}-webshop.csv"'
    found = rows(text(answer))
    assert [row["kind"] for row in found if row["kind"] != "message"] == list(
        story.timeline.order_by("pk").values_list("kind", flat=True)
    )
    messages = [row for row in found if row["kind"] == "message"]
    assert len(messages) == Delivery.objects.filter(pages__escalation__incident=story).count()
    assert [(row["recipient"], row["error"]) for row in messages if row["channel"] == "call"] == [
        ("Marek Nightly", "the line was busy")
    ]
    assert found[0]["at"] == "2026-11-29T03:00:00+01:00"
    assert found[-1]["changes"] == "Status: new → acknowledged; Assigned to: nobody → Marek Nightly"


def test_no_spreadsheet_works_out_what_somebody_wrote(world: World, story: Incident) -> None:
    found = rows(text(as_person(world.desk).get(f"/incidents/{story.pk}/record.csv")))
    assert [row["text"] for row in found if row["kind"] == "note"] == ['\'=HYPERLINK("x")']


def test_as_text_and_on_paper(world: World, story: Incident) -> None:
    client = as_person(world.desk)
    plain = text(client.get(f"/incidents/{story.pk}/record.txt"))
    paper = text(client.get(f"/incidents/{story.pk}/record/"))
    assert plain.index("Reported as Blocker") < plain.index("Marek Nightly paged") < plain.index("Acknowledged by")
    assert paper.index("Reported as Blocker") < paper.index("Marek Nightly paged") < paper.index("Acknowledged by")
    assert "call, Marek Nightly: failed: the line was busy [2026-11-29T03:00:00+01:00" in plain
    for each in (plain, paper):
        assert PRIVATE not in each.replace(" ", "")


def test_a_long_record_takes_no_more_queries(world: World, story: Incident) -> None:
    client = as_person(world.desk)
    path = f"/incidents/{story.pk}/record/"
    client.get(path)
    few = queries(lambda: client.get(path))
    TimelineEntry.objects.bulk_create(
        TimelineEntry(incident=story, at=SUNDAY_NIGHT, kind="note", actor=world.sdm, data={"text": f"Note {number}."})
        for number in range(300)
    )
    assert queries(lambda: client.get(path)) == few <= 20
    assert "Note 299." in text(client.get(path))
