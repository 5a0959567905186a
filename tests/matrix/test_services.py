from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from matrix.models import Cell, Matrix, MatrixVersion, PriorityTerms, Reporting, Step
from matrix.services import (
    AlreadyPublished,
    ChainMissesTarget,
    Finding,
    Incomplete,
    copy_version,
    findings,
    publish,
)
from matrix.terms import Priority, Route
from portal.models import Installation, Person
from tests.people import World

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def draft(matrix: Matrix, *, backup_after: int = 30, response: int = 60, route: str = "monitoring") -> MatrixVersion:
    """Blockers have one chain: the SDM is told, primary, backup, and management is told."""
    version = MatrixVersion.objects.create(matrix=matrix, title_de="Entwurf", title_en="Draft")
    for priority in Priority:
        PriorityTerms.objects.create(
            version=version,
            priority=priority,
            definition_de="Der Dienst steht.",
            definition_en="The service is down.",
            examples_de=["Alles steht."],
            examples_en=["Everything is down."],
            response_minutes=response,
        )
    Reporting.objects.create(
        version=version,
        priority="blocker",
        window="after_hours",
        ways=["phone"],
        instruction_de="a",
        instruction_en="b",
    )
    Cell.objects.create(version=version, priority="blocker", route="business_hours", defers=True)
    cell = Cell.objects.create(version=version, priority="blocker", route=route)
    roles = [("sdm", 0, True), ("on_call_primary", backup_after, False), ("on_call_backup", 15, False)]
    for position, (role, wait, informs) in enumerate([*roles, ("escalation_manager", 15, True)]):
        Step.objects.create(cell=cell, position=position, role=role, channels=["voice"], wait=wait, informs=informs)
    return version


@pytest.fixture
def matrix(db: None) -> Matrix:
    return Matrix.objects.create(name="Standard")


@pytest.fixture
def admin(db: None) -> Person:
    return Person.objects.create_user("admin@example.org", name="Ada", language="de", is_staff=True)


def test_versions_of_a_matrix_are_numbered_in_the_order_of_publishing(matrix: Matrix, admin: Person) -> None:
    drafts = [draft(matrix), draft(matrix)]
    other = draft(Matrix.objects.create(name="Premium"))
    second, first = (publish(each, by=admin, now=NOW, reason="as agreed") for each in reversed(drafts))
    assert (second.number, first.number) == (1, 2)
    assert publish(other, by=admin, now=NOW, reason="as agreed").number == 1
    assert (first.published_by, first.published_at, first.effective_from) == (admin, NOW, NOW)
    assert first.accepted_findings == []


def test_a_version_may_take_effect_later_but_not_earlier(matrix: Matrix, admin: Person) -> None:
    later = NOW + timedelta(days=3)
    assert publish(draft(matrix), by=admin, now=NOW, reason="new year", effective_from=later).effective_from == later
    with pytest.raises(ValueError, match="before"):
        publish(draft(matrix), by=admin, now=NOW, reason="new year", effective_from=NOW - timedelta(seconds=1))


def test_a_version_speaks_of_every_priority(matrix: Matrix, admin: Person) -> None:
    version = draft(matrix)
    version.terms.filter(priority__in=["critical", "minor"]).delete()
    with pytest.raises(Incomplete) as refused:
        publish(version, by=admin, now=NOW, reason="as agreed", accept=True)
    assert refused.value.priorities == [Priority.CRITICAL, Priority.MINOR]
    version.refresh_from_db()
    assert version.number is None


@pytest.mark.parametrize("reason", ["", "  "])
def test_publishing_needs_a_reason(matrix: Matrix, admin: Person, reason: str) -> None:
    version = draft(matrix)
    with pytest.raises(ValueError, match="reason"):
        publish(version, by=admin, now=NOW, reason=reason)
    version.refresh_from_db()
    assert version.number is None


def test_a_published_version_is_not_published_again(matrix: Matrix, admin: Person) -> None:
    version = publish(draft(matrix), by=admin, now=NOW, reason="as agreed")
    with pytest.raises(AlreadyPublished):
        publish(version, by=admin, now=NOW + timedelta(days=1), reason="again")
    version.refresh_from_db()
    assert (version.number, version.reason) == (1, "as agreed")


@pytest.mark.parametrize("route", ["monitoring", "after_hours"])
def test_a_backup_after_thirty_minutes_cannot_hold_thirty_minutes(matrix: Matrix, admin: Person, route: str) -> None:
    version = draft(matrix, response=30, route=route)
    with pytest.raises(ChainMissesTarget) as refused:
        publish(version, by=admin, now=NOW, reason="as agreed")
    assert refused.value.findings == [Finding("blocker", Route(route), 30, 15, (0, 15, 15, 15))]
    version.refresh_from_db()
    assert version.number is None


def test_what_is_accepted_all_the_same_is_recorded(matrix: Matrix, admin: Person) -> None:
    version = publish(draft(matrix, response=30), by=admin, now=NOW, reason="the customer wants it", accept=True)
    assert version.accepted_findings == [
        {
            "priority": "blocker",
            "route": "monitoring",
            "last_start": 30,
            "allowed": 15,
            "proposed_waits": [0, 15, 15, 15],
            "accepted_by": admin.pk,
        }
    ]


def test_the_margin_is_the_installations(matrix: Matrix, admin: Person) -> None:
    Installation.objects.create(name="Nordhafen", zone="Europe/Berlin", answer_margin=40)
    with pytest.raises(ChainMissesTarget) as refused:
        publish(draft(matrix), by=admin, now=NOW, reason="as agreed")
    assert refused.value.findings[0].allowed == 20


def test_a_chain_that_holds_has_no_finding(matrix: Matrix) -> None:
    assert findings(draft(matrix, backup_after=45), 15) == []
    assert [found.last_start for found in findings(draft(matrix, backup_after=46), 15)] == [46]


def test_a_copy_holds_everything_and_is_a_draft(matrix: Matrix, admin: Person) -> None:
    source = publish(draft(matrix), by=admin, now=NOW, reason="as agreed")
    target = Matrix.objects.create(name="webshop")
    copy = copy_version(source, matrix=target)
    assert (copy.matrix, copy.number, copy.published_at, copy.reason) == (target, None, None, "")
    assert content(copy) == content(source)
    assert MatrixVersion.objects.count() == 2


def test_a_change_of_the_copy_leaves_the_original(matrix: Matrix) -> None:
    source = draft(matrix)
    before = content(source)
    copy = copy_version(source, matrix=matrix)
    copy.terms.update(response_minutes=5)
    Step.objects.filter(cell__version=copy).update(wait=1)
    assert content(source) == before != content(copy)


def content(version: MatrixVersion) -> list[list[dict[str, Any]]]:
    """Everything below a version, without keys."""
    rows = [version.terms.all(), version.reporting.all(), version.cells.all()]
    steps = Step.objects.filter(cell__version=version).order_by("cell__priority", "cell__route", "position")
    own = {"id", "version_id", "cell_id"}
    below = [[{k: v for k, v in row.items() if k not in own} for row in each.values()] for each in [*rows, steps]]
    return [[{"title_de": version.title_de, "title_en": version.title_en}], *below]


@pytest.mark.django_db(transaction=True)
def test_two_administrators_at_once_get_two_numbers() -> None:
    matrix = Matrix.objects.create(name="Standard")
    drafts = [draft(matrix) for _ in range(8)]

    def published(version: MatrixVersion) -> int | None:
        try:
            return publish(version, by=None, now=NOW, reason="as agreed").number
        finally:
            connection.close()

    assert sorted(at_once(published, drafts)) == list(range(1, 9))


@pytest.mark.django_db(transaction=True)
def test_one_draft_is_published_once() -> None:
    version = draft(Matrix.objects.create(name="Standard"))

    def published(each: MatrixVersion) -> int | None:
        try:
            return publish(each, by=None, now=NOW, reason="as agreed").number
        except AlreadyPublished:
            return 0
        finally:
            connection.close()

    assert sorted(at_once(published, [version] * 4)) == [0, 0, 0, 1]


def at_once(work: Callable[[MatrixVersion], int | None], versions: list[MatrixVersion]) -> list[int]:
    with ThreadPoolExecutor(len(versions)) as threads:
        return [number or 0 for number in threads.map(work, versions)]


def test_a_drafts_row_cannot_be_moved_into_a_published_version(world: World) -> None:
    published = world.versions["webshop"]
    draft = copy_version(published, matrix=published.matrix)
    cell = draft.cells.get(priority="blocker", route="monitoring")
    for move in (
        lambda: Cell.objects.filter(pk=cell.pk).update(version=published, route="after_hours"),
        lambda: cell.steps.update(cell=published.cells.get(priority="major", route="business_hours")),
    ):
        with pytest.raises(IntegrityError, match="immutable"), transaction.atomic():
            move()
    draft.delete()
    assert not MatrixVersion.objects.filter(pk=draft.pk).exists()
