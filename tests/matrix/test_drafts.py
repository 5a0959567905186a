"""Drafts: what is stored is what was meant, two editors lose nothing, and an old version is what it was."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from matrix.changes import changes
from matrix.content import CellContent, StepContent, VersionContent
from matrix.drafts import begin, content_at, discard, edit, edits_since, open_draft, publish_again
from matrix.facts import whole
from matrix.models import Matrix, MatrixVersion
from matrix.services import AlreadyPublished, ChainMissesTarget, Discarded, Seen, publish
from matrix.sla import Clock
from matrix.stored import from_json, to_json
from matrix.terms import Channel, Priority, Role, Route
from matrix.usual import usual
from portal.models import Person
from portal.services import ChangedMeanwhile

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)

steps = st.builds(
    StepContent,
    role=st.sampled_from(Role),
    channels=st.lists(st.sampled_from(Channel), min_size=1, unique=True).map(tuple),
    wait=st.integers(0, 600),
    ring_seconds=st.none() | st.integers(5, 180),
    informs=st.booleans(),
)
cells = st.builds(CellContent, st.lists(steps, max_size=4).map(tuple), st.booleans(), st.booleans())


@st.composite
def contents(draw: st.DrawFn) -> VersionContent:
    """Usual terms with any targets, clocks, words and chains."""
    content = usual()
    priorities = {}
    for priority, terms in content.priorities.items():
        promise = replace(
            terms.promise,
            response_minutes=draw(st.integers(1, 5000)),
            clock=draw(st.sampled_from(Clock)),
            cells=draw(st.dictionaries(st.sampled_from(Route), cells)),
        )
        text = draw(st.text(st.characters(exclude_categories=["C"]), max_size=20))
        priorities[priority] = replace(terms, promise=promise, definition={"de": text, "en": text[::-1]})
    return replace(content, priorities=priorities)


@settings(max_examples=25)
@given(contents())
def test_what_is_kept_as_json_is_the_same_again(content: VersionContent) -> None:
    assert from_json(to_json(content)) == content


@pytest.fixture
def ada(db: None) -> Person:
    return Person.objects.create_user("ada@example.org", name="Ada", language="en", is_staff=True)


@pytest.fixture
def draft(ada: Person) -> MatrixVersion:
    return begin(Matrix.objects.create(name="Standard"), source=None, by=ada, now=NOW)


def tighten(minutes: int, priority: Priority = Priority.BLOCKER):  # type: ignore[no-untyped-def]
    def change(content: VersionContent) -> VersionContent:
        terms = content.priorities[priority]
        tighter = replace(terms, promise=replace(terms.promise, response_minutes=minutes))
        return replace(content, priorities={**content.priorities, priority: tighter})

    return change


def blocker(content: VersionContent) -> object:
    return content.priorities[Priority.BLOCKER]


def test_usual_terms_may_be_published_as_they_are(draft: MatrixVersion, ada: Person) -> None:
    assert whole(open_draft(draft)) == usual()
    assert publish(draft, by=ada, now=NOW, reason="a start").accepted_findings == []


def test_what_was_is_kept_and_told(draft: MatrixVersion, ada: Person) -> None:
    for minutes in (50, 45, 45):
        now = open_draft(draft)
        edit(draft, tighten(minutes), part=blocker, seen=now.revision, by=ada, now=NOW)
    now = open_draft(draft)
    assert now.revision == 2  # what changes nothing leaves no trace
    told = [[(each.before, each.after) for each in changes(one.before, one.after)] for one in edits_since(now, 0)]
    assert told == [[(60, 50)], [(50, 45)]]
    assert content_at(now, 0) == usual()
    assert content_at(now, 7) is None


def test_another_part_is_no_conflict_and_the_same_part_is(draft: MatrixVersion, ada: Person) -> None:
    edit(draft, tighten(50, Priority.MAJOR), part=blocker, seen=0, by=ada, now=NOW)
    edit(draft, tighten(45), part=blocker, seen=0, by=ada, now=NOW)
    with pytest.raises(ChangedMeanwhile):
        edit(draft, tighten(40), part=blocker, seen=0, by=ada, now=NOW)
    promised = dict(draft.terms.values_list("priority", "response_minutes"))
    assert (promised["blocker"], promised["major"]) == (45, 50)
    with pytest.raises(ChangedMeanwhile):
        discard(draft, seen=0, by=ada, now=NOW)
    with pytest.raises(ChangedMeanwhile):
        publish(draft, by=ada, now=NOW, reason="as seen", seen=Seen(0, 0))
    discard(draft, seen=2, by=ada, now=NOW)
    for late in (
        lambda: edit(draft, tighten(30), part=blocker, seen=2, by=ada, now=NOW),
        lambda: publish(draft, by=ada, now=NOW, reason="late"),
    ):
        with pytest.raises(Discarded):
            late()


def test_an_old_version_published_again_holds_what_it_held(draft: MatrixVersion, ada: Person) -> None:
    first = publish(draft, by=ada, now=NOW, reason="a start")
    with pytest.raises(AlreadyPublished):
        edit(first, tighten(20), part=blocker, seen=0, by=ada, now=NOW)
    second = begin(first.matrix, source=first, by=ada, now=NOW)
    edit(second, tighten(20), part=blocker, seen=0, by=ada, now=NOW)
    publish(second, by=ada, now=NOW, reason="tighter", accept=True)
    with pytest.raises(ChangedMeanwhile):
        publish_again(first, by=ada, now=NOW, reason="back", latest=1)
    with pytest.raises(ChainMissesTarget):
        publish_again(second, by=ada, now=NOW, reason="again")
    again = publish_again(first, by=ada, now=NOW, reason="back", latest=2)
    assert (again.number, again.based_on) == (3, first)
    read = MatrixVersion.objects.with_content()
    assert whole(read.get(pk=again.pk)) == whole(read.get(pk=first.pk)) == usual()
    assert not MatrixVersion.objects.drafts().exists()  # what was refused left nothing


@pytest.mark.django_db(transaction=True)
def test_of_editors_at_once_one_wins_and_nothing_is_lost() -> None:
    ada = Person.objects.create_user("ada@example.org", name="Ada", language="en", is_staff=True)
    draft = begin(Matrix.objects.create(name="Standard"), source=None, by=ada, now=NOW)

    def save(minutes: int) -> int:
        try:
            edit(draft, tighten(minutes), part=blocker, seen=0, by=ada, now=NOW)
        except ChangedMeanwhile:
            return 0
        finally:
            connection.close()
        return minutes

    with ThreadPoolExecutor(6) as threads:
        saved = [minutes for minutes in threads.map(save, range(30, 36)) if minutes]
    assert len(saved) == 1
    assert draft.terms.get(priority="blocker").response_minutes == saved[0]
    assert (draft.terms.count(), draft.edits.count()) == (4, 1)
