"""What was agreed: priorities, the communication matrix, topics, targets, and how the versions differ."""

from collections.abc import Iterator
from dataclasses import replace

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from matrix import labels
from matrix.changes import changes
from matrix.content import TermsContent
from matrix.sla import Clock
from matrix.terms import Priority, Window
from matrix.wording import change_text, duration

from .blocks import Cell, Facts, Line, Section, Table, Text
from .chains import Decided, Shown, decided_topic, link_words, names, number, waits
from .given import VERSIONS_TOLD, Given, VersionGiven
from .hours import day_words


def _terms(given: Given) -> list[tuple[Priority, TermsContent]]:
    """The priorities of the version in force, most urgent first."""
    return [
        (priority, given.content.priorities[priority]) for priority in Priority if priority in given.content.priorities
    ]


def _label(priority: Priority) -> str:
    return str(labels.PRIORITY[priority])


# --- Priorities and the matrix ------------------------------------------------------------------------------


def priorities(given: Given) -> Section:
    """What each priority means, with the project's own examples."""
    rows = []
    for priority, terms in _terms(given):
        examples = terms.examples.get(given.language, ())
        meaning = Line(terms.definition.get(given.language, ""))
        rows.append((_label(priority), (meaning, *(Line(example, "item") for example in examples))))
    return Section(
        "priorities",
        _("The priorities"),
        (
            Text(_("You choose the priority when you report. If in doubt, choose the higher one and tell us.")),
            Facts(tuple(rows)),
        ),
        new_page=True,
    )


def matrix(given: Given, all_decided: tuple[Decided, ...]) -> Section:
    """The matrix itself: for each priority and window how to report, whom, and who follows."""
    windows = [window for window in Window if window in given.ordinary]
    rows = tuple(
        (
            _promise(each.priority, given.content.priorities[each.priority]),
            *(_cell(given, each, window) for window in windows),
        )
        for each in all_decided
    )
    return Section(
        "matrix",
        _("The communication matrix"),
        (
            Table(
                caption=_("How to report, whom you reach, and who follows"),
                head=(_("Priority"), *(capfirst(str(labels.WINDOW[window])) for window in windows)),
                rows=rows,
                widths=(30, *(70 // len(windows) for _window in windows)),
            ),
        ),
        new_page=True,
    )


def _promise(priority: Priority, terms: TermsContent) -> Cell:
    promise = terms.promise
    return (
        Line(_label(priority), "strong"),
        Line(_("Response: %(duration)s") % {"duration": duration(promise.response_minutes)}),
        Line(_("Restoration: %(duration)s") % {"duration": duration(promise.resolution_minutes)}),
        Line(str(labels.CLOCK[promise.clock]), "quiet"),
    )


def _cell(given: Given, each: Decided, window: Window) -> Cell:
    return (
        *_how(given.content.priorities[each.priority], window, given.language),
        *_who(each.reported[window]),
    )


def _how(terms: TermsContent, window: Window, language: str) -> Iterator[Line]:
    reporting = terms.reporting.get(window)
    if reporting is None:
        return
    ways = [str(labels.REPORT_WAY[way]) for way in reporting.ways]
    yield Line(capfirst(", ".join(ways)), "strong")
    yield Line(reporting.instruction.get(language, ""))


def _who(shown: Shown | None) -> Iterator[Line]:
    if shown is None:
        return
    if shown["deferred_until"]:
        yield Line(waits(), "quiet")
        return
    for link in shown["chain"]:
        yield Line(capfirst(link_words(link)), "item")
        if link is shown["chain"][0] and (line := number(link)):
            yield replace(line, style="sub")


# --- Targets and topics -------------------------------------------------------------------------------------


def targets(given: Given) -> Section:
    """What is promised for each priority, and how the clocks count."""
    rows = tuple(
        (
            (Line(_label(priority), "strong"),),
            (Line(duration(terms.promise.response_minutes)),),
            (Line(duration(terms.promise.resolution_minutes)),),
            (Line(duration(terms.update_minutes)),),
            (Line(str(labels.CLOCK[terms.promise.clock])),),
        )
        for priority, terms in _terms(given)
    )
    return Section(
        "targets",
        _("Service levels and their clocks"),
        (
            Table(
                caption=_("Targets by priority"),
                head=(_("Priority"), _("Response"), _("Restoration"), _("Update every"), _("Clock")),
                rows=rows,
                widths=(18, 20, 20, 20, 22),
            ),
            Facts(tuple(_clocks(given))),
        ),
    )


def _clocks(given: Given) -> Iterator[tuple[str, Cell]]:
    used = {terms.promise.clock for _priority, terms in _terms(given)}
    yield (
        _("Start"),
        _line(_("Every clock starts when the report has reached us: signal received, call begun or form sent.")),
    )
    yield (
        _("Response"),
        _line(_("A qualified person has taken the incident. An automatic reply does not count as one.")),
    )
    yield _("Restoration"), _line(_("The service can be used again, be it by a workaround."))
    if Clock.ROUND_THE_CLOCK in used:
        yield (
            capfirst(str(labels.CLOCK[Clock.ROUND_THE_CLOCK])),
            _line(_("Every minute counts, at night, at weekends and on holidays too.")),
        )
    if Clock.SUPPORT_HOURS in used:
        yield (
            capfirst(str(labels.CLOCK[Clock.SUPPORT_HOURS])),
            _line(
                _(
                    "Only minutes within our business hours count: a target of 4 hours that begins an hour before "
                    "closing is due three hours after the next opening."
                )
            ),
        )
    if pausing := [_label(priority) for priority, terms in _terms(given) if terms.pauses_while_waiting]:
        yield (
            _("Pause"),
            _line(
                _("While we wait for an answer of yours the clock for the restoration stands still (%(priorities)s).")
                % {"priorities": ", ".join(pausing)}
            ),
        )


def _line(text: str) -> Cell:
    return (Line(text),)


def topics(given: Given) -> Section:
    """What is no incident: who answers, by when, and which right it needs."""
    return Section(
        "topics",
        _("Requests: what is no incident"),
        (
            Text(
                _(
                    "Requests are answered in business hours and page nobody. Report them in the portal, or call the "
                    "person named."
                )
            ),
            Table(
                caption=_("Topics and who answers"),
                head=(_("Topic"), _("Who answers"), _("Answer within")),
                rows=tuple(_topic_rows(given)),
                widths=(40, 38, 22),
            ),
        ),
    )


def _topic_rows(given: Given) -> Iterator[tuple[Cell, Cell, Cell]]:
    language = "de" if given.language == "de" else "en"
    for topic in given.topics:
        name = [Line(getattr(topic, f"name_{language}"), "strong")]
        if hint := getattr(topic, f"hint_{language}"):
            name.append(Line(hint, "quiet"))
        if right := _right(topic.needs_right):
            name.append(Line(right, "quiet"))
        if topic.becomes_incident:
            priority = _label(Priority(topic.becomes_incident))
            yield tuple(name), _line(_("is reported as an incident: %(priority)s") % {"priority": priority}), _line("–")
            continue
        shown = decided_topic(given, topic)
        chain = shown["chain"] if shown else []
        who = tuple(Line(names(link)) for link in chain)
        yield tuple(name), who, _line(duration(topic.answer_minutes))


def _right(key: str) -> str:
    words = {
        "report": _("needs the right to report"),
        "order": _("needs the right to order"),
        "manage_contacts": _("needs the right to manage contacts"),
    }
    return words.get(key, "")


# --- Versions -----------------------------------------------------------------------------------------------


def change_log(given: Given) -> Section:
    """The versions, the newest first, each with what it changed."""
    compared = [*given.versions[1:], None]
    rows = tuple(
        (
            (Line(_("Version %(number)s") % {"number": version.number}, "strong"),),
            _line(day_words(version.effective_from.astimezone(given.zone))),
            tuple(_changes(given, version, before)),
        )
        for version, before in list(zip(given.versions, compared, strict=True))[:VERSIONS_TOLD]
    )
    coming = given.known.next_version_at
    return Section(
        "changes",
        _("Changes of the matrix"),
        (
            *([Text(_coming(day_words(coming.astimezone(given.zone))), note=True)] if coming else []),
            Table(
                caption=_("Versions of the matrix"),
                head=(_("Version"), _("In force since"), _("What changed")),
                rows=rows,
                widths=(15, 20, 65),
            ),
        ),
    )


def _coming(day: str) -> str:
    return _("A new version of the matrix comes into force on %(day)s; this handbook holds until then.") % {"day": day}


def _changes(given: Given, version: VersionGiven, before: VersionGiven | None) -> Iterator[Line]:
    """What differs from the version before, wordings as far as they differ in the reader's language."""
    if before is None or before.content is None or version.content is None:
        yield Line(_("First version"))
        return
    found = changes(before.content, version.content)
    told = [change for change in found if change.language in ("", given.language)]
    for change in told:
        yield Line(change_text(change), "item")
    if not told:
        yield Line(_("Nothing that you would notice"))
