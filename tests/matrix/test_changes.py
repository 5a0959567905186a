"""The difference of two versions: nothing is missed, nothing is invented, and each change reads as a sentence."""

from dataclasses import replace
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from matrix.changes import Change, Deferral, What, changes
from matrix.content import (
    CellContent,
    PriorityContent,
    ReportingContent,
    StepContent,
    TermsContent,
    VersionContent,
)
from matrix.facts import whole
from matrix.models import MatrixVersion
from matrix.sla import Clock
from matrix.terms import Channel, Priority, ReportWay, Role, Route, Window
from matrix.wording import change_text, duration
from tests.people import World

few_minutes = st.none() | st.sampled_from([30, 60, 240])
texts = st.fixed_dictionaries({"de": st.sampled_from(["", "eins", "zwei"]), "en": st.sampled_from(["", "one"])})
steps = st.lists(
    st.builds(
        StepContent,
        role=st.sampled_from([Role.SDM, Role.SERVICE_DESK, Role.ON_CALL_PRIMARY]),
        channels=st.sampled_from([(Channel.VOICE,), (Channel.EMAIL, Channel.SMS)]),
        wait=st.sampled_from([0, 5, 30]),
        ring_seconds=st.sampled_from([None, 20]),
        informs=st.booleans(),
    ),
    max_size=3,
).map(tuple)
cells = st.builds(CellContent, steps=steps, defers=st.booleans(), defers_outside_hours=st.booleans())
reporting = st.builds(
    ReportingContent,
    ways=st.sampled_from([(ReportWay.PHONE,), (ReportWay.PORTAL, ReportWay.EMAIL)]),
    instruction=texts,
)
terms = st.builds(
    TermsContent,
    promise=st.builds(
        PriorityContent,
        response_minutes=few_minutes,
        resolution_minutes=few_minutes,
        clock=st.sampled_from(Clock),
        cells=st.dictionaries(st.sampled_from(Route), cells),
    ),
    definition=texts,
    examples=st.fixed_dictionaries({"de": st.just(()), "en": st.sampled_from([(), ("one",), ("one", "two")])}),
    update_minutes=few_minutes,
    progress_minutes=few_minutes,
    pauses_while_waiting=st.booleans(),
    reporting=st.dictionaries(st.sampled_from(Window), reporting),
)
contents = st.builds(VersionContent, title=texts, priorities=st.dictionaries(st.sampled_from(Priority), terms))


def filled(content: VersionContent) -> dict[Priority, Any]:
    """The content with cells and ways that are not there made empty: the two mean the same."""
    return {
        priority: (
            replace(terms.promise, cells={r: terms.promise.cells.get(r, CellContent()) for r in Route}),
            replace(terms, promise=None, reporting={}),  # type: ignore[arg-type]  # compared apart
            {
                window: (found.ways, {lang: found.instruction.get(lang, "") for lang in ("de", "en")})
                for window in Window
                for found in [terms.reporting.get(window, ReportingContent())]
            },
        )
        for priority, terms in content.priorities.items()
    }


@given(contents)
def test_a_version_does_not_differ_from_itself(content: VersionContent) -> None:
    assert changes(content, content) == ()


@given(contents, contents)
def test_whatever_differs_is_said(before: VersionContent, after: VersionContent) -> None:
    same = before.title == after.title and filled(before) == filled(after)
    assert (changes(before, after) == ()) == same


@given(contents, contents)
def test_the_way_back_undoes_each_change(before: VersionContent, after: VersionContent) -> None:
    there = [replace(change, before=change.after, after=change.before) for change in changes(before, after)]
    assert there == list(changes(after, before))


@given(contents, contents)
def test_each_change_names_two_values_that_differ_and_is_told_once(
    before: VersionContent, after: VersionContent
) -> None:
    found = changes(before, after)
    places = [(c.what, c.priority, c.route, c.window, c.language, c.step) for c in found]
    assert len(places) == len(set(places))
    assert all(change.before != change.after for change in found)


@given(contents, contents)
def test_every_change_reads_as_a_sentence_in_both_languages(before: VersionContent, after: VersionContent) -> None:
    for language in ("de", "en"):
        with translation.override(language):
            for change in changes(before, after):
                said = change_text(change)
                assert said
                assert "%(" not in said
                assert said[0].isupper()


CHAIN = (
    StepContent(Role.ON_CALL_PRIMARY, (Channel.VOICE,), 30),
    StepContent(Role.ON_CALL_BACKUP, (Channel.VOICE,), 15),
)

BOTH = "“on-call engineer at once, on-call engineer (backup) after 30 minutes”"


def version(**terms: Any) -> VersionContent:
    promise: dict[str, Any] = {
        "response_minutes": 60,
        "resolution_minutes": 360,
        "clock": Clock.ROUND_THE_CLOCK,
        "cells": {Route.AFTER_HOURS: CellContent(CHAIN)},
    }
    promise |= {name: terms.pop(name) for name in list(terms) if name in promise}
    given_terms: dict[str, Any] = {
        "definition": {"en": "Down"},
        "examples": {"en": ("One",)},
        "update_minutes": 60,
        "progress_minutes": None,
        "pauses_while_waiting": True,
        "reporting": {Window.AFTER_HOURS: ReportingContent((ReportWay.PHONE,), {"en": "Call."})},
    }
    return VersionContent(
        {"en": "Standard"},
        {Priority.BLOCKER: TermsContent(PriorityContent(**promise), **{**given_terms, **terms})},
    )


def cell(*steps: StepContent, **fields: Any) -> dict[Route, CellContent]:
    return {Route.AFTER_HOURS: CellContent(steps, **fields)}


@pytest.mark.parametrize(
    ("terms", "sentences"),
    [
        ({"response_minutes": 30}, ["Blocker: response 30 minutes instead of 1 hour"]),
        ({"resolution_minutes": None}, ["Blocker: restoration not agreed instead of 6 hours"]),
        ({"clock": Clock.SUPPORT_HOURS}, ["Blocker: clock of the targets support hours instead of round the clock"]),
        ({"pauses_while_waiting": False}, ["Blocker: the clock no longer pauses while we wait for you"]),
        ({"definition": {"en": "Dead"}}, ["Blocker: means “Dead” instead of “Down”"]),
        ({"examples": {"en": ("One", "Two")}}, ["Blocker: examples “One · Two” instead of “One”"]),
        (
            {"reporting": {Window.AFTER_HOURS: ReportingContent((ReportWay.PHONE, ReportWay.PORTAL), {"en": "Call."})}},
            ["Blocker, outside business hours: report by phone, portal instead of phone"],
        ),
        (
            {"cells": cell(replace(CHAIN[0], wait=15), CHAIN[1])},
            ["Blocker, outside business hours: on-call engineer (backup) after 15 minutes instead of after 30 minutes"],
        ),
        (
            {"cells": cell(CHAIN[0])},
            ["Blocker, outside business hours: chain “on-call engineer at once” instead of " + BOTH],
        ),
        (
            {"cells": cell(*CHAIN, defers_outside_hours=True)},
            ["Blocker, outside business hours: waits for the next opening outside business hours"],
        ),
    ],
)
def test_a_change_in_words(terms: dict[str, Any], sentences: list[str]) -> None:
    with translation.override("en"):
        assert [change_text(change) for change in changes(version(), version(**terms))] == sentences


def test_a_priority_comes_and_goes_as_a_whole() -> None:
    none = VersionContent({"en": "Standard"}, {})
    assert changes(none, version()) == (Change(What.PRIORITY, False, True, Priority.BLOCKER),)
    assert changes(version(), none) == (Change(What.PRIORITY, True, False, Priority.BLOCKER),)


def test_a_text_changes_in_one_language_alone() -> None:
    other = replace(version(), title={"en": "Standard", "de": "Neu"})
    assert [(c.what, c.language) for c in changes(version(), other)] == [(What.TITLE, "de")]


def test_deferral_is_one_of_four() -> None:
    both = version(cells=cell(*CHAIN, defers=True, defers_outside_hours=True))
    assert [c.after for c in changes(version(), both)] == [Deferral.BOTH]


def test_durations_come_out_even() -> None:
    with translation.override("en"):
        assert [duration(minutes) for minutes in (1, 45, 60, 90, 1440, None)] == [
            "1 minute",
            "45 minutes",
            "1 hour",
            "1 hour 30 minutes",
            "24 hours",
            "not agreed",
        ]


def test_a_whole_version_is_read_from_its_rows(world: World) -> None:
    rows = MatrixVersion.objects.with_content().get(pk=world.versions["webshop"].pk)
    content = whole(rows)
    blocker = content.priorities[Priority.BLOCKER]
    assert list(content.priorities) == list(Priority)
    assert blocker.definition == {"de": "Bedeutung von blocker", "en": "Meaning of blocker"}
    assert blocker.examples["de"] == ("Beispiel eins", "Beispiel zwei")
    assert blocker.reporting[Window.AFTER_HOURS].ways == (ReportWay.PHONE, ReportWay.PORTAL)
    assert [step.role for step in blocker.promise.cells[Route.AFTER_HOURS].steps][:2] == [
        Role.ON_CALL_PRIMARY,
        Role.ON_CALL_BACKUP,
    ]
