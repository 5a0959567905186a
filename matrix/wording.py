"""Targets, chains and changes of a matrix in the reader's language."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, cast

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from . import labels
from .changes import Change, Deferral, What, starts_of
from .content import StepContent
from .sla import Clock
from .terms import Channel, ReportWay

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

HOUR = 60
"""Minutes."""

DEFERRAL = {
    Deferral.NOT: gettext_lazy("is worked on at any hour"),
    Deferral.DEFERS: gettext_lazy("waits for the next opening"),
    Deferral.DEFERS_OUTSIDE_HOURS: gettext_lazy("waits for the next opening outside business hours"),
    Deferral.BOTH: gettext_lazy("waits for the next opening"),
}


def duration(minutes: int | None) -> str:
    """A target or a wait: whole hours where it comes out even. No target is said to be none."""
    if minutes is None:
        return _("not agreed")
    hours, rest = divmod(minutes, HOUR)
    whole = ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    part = ngettext("%(count)d minute", "%(count)d minutes", rest) % {"count": rest}
    if hours and rest:
        return f"{whole} {part}"
    return whole if hours else part


def after(minutes: int) -> str:
    """When a link of a chain begins, from the beginning of the chain."""
    if not minutes:
        return _("at once")
    return ngettext("after %(count)d minute", "after %(count)d minutes", minutes) % {"count": minutes}


def change_text(change: Change) -> str:
    """One change as a sentence without its full stop: what it is about, what is agreed now, and what was before."""
    said = _BODIES[change.what](change)
    return f"{where}: {said}" if (where := _where(change)) else capfirst(said)


def _where(change: Change) -> str:
    words = []
    if change.priority:
        words.append(str(labels.PRIORITY[change.priority]))
    if change.route:
        words.append(str(labels.ROUTE[change.route]))
    if change.window:
        words.append(str(labels.WINDOW[change.window]))
    return ", ".join(words)


def _now_and_before(said: "StrPromise", show: Callable[[object], str]) -> Callable[[Change], str]:
    """A sentence with the value that holds now and the one that held before."""

    def sentence(change: Change) -> str:
        words = {"now": show(change.after), "before": show(change.before)}
        if change.role:
            words["role"] = str(labels.ROLE[change.role])
        return str(said) % words

    return sentence


def _text(value: object) -> str:
    return str(value) or _("nothing")


def _texts(value: object) -> str:
    return " · ".join(cast("Iterable[str]", value)) or _("nothing")


def _duration(value: object) -> str:
    return duration(cast("int | None", value))


def _clock(value: object) -> str:
    return str(labels.CLOCK[cast("Clock", value)])


def _ways(value: object) -> str:
    return ", ".join(str(labels.REPORT_WAY[way]) for way in cast("Iterable[ReportWay]", value)) or _("no way")


def _channels(value: object) -> str:
    return ", ".join(str(labels.CHANNEL[channel]) for channel in cast("Iterable[Channel]", value))


def _chain(value: object) -> str:
    steps = cast("tuple[StepContent, ...]", value)
    links = zip(steps, starts_of(steps), strict=True)
    return ", ".join(f"{labels.ROLE[step.role]} {after(start)}" for step, start in links) or _("nobody")


def _start(value: object) -> str:
    return after(cast("int", value))


def _seconds(value: object) -> str:
    if value is None:
        return _("not at all")
    return _("%(count)s seconds") % {"count": value}


def _priority(change: Change) -> str:
    return _("new in this version") if change.after else _("no longer in this version")


def _pause(change: Change) -> str:
    if change.after:
        return _("the clock now pauses while we wait for you")
    return _("the clock no longer pauses while we wait for you")


def _deferral(change: Change) -> str:
    return str(DEFERRAL[cast("Deferral", change.after)])


_BODIES: dict[What, Callable[[Change], str]] = {
    What.TITLE: _now_and_before(gettext_lazy("title “%(now)s” instead of “%(before)s”"), _text),
    What.PRIORITY: _priority,
    What.DEFINITION: _now_and_before(gettext_lazy("means “%(now)s” instead of “%(before)s”"), _text),
    What.EXAMPLES: _now_and_before(gettext_lazy("examples “%(now)s” instead of “%(before)s”"), _texts),
    What.RESPONSE: _now_and_before(gettext_lazy("response %(now)s instead of %(before)s"), _duration),
    What.RESOLUTION: _now_and_before(gettext_lazy("restoration %(now)s instead of %(before)s"), _duration),
    What.UPDATES: _now_and_before(gettext_lazy("updates every %(now)s instead of %(before)s"), _duration),
    What.PROGRESS: _now_and_before(gettext_lazy("visible progress %(now)s instead of %(before)s"), _duration),
    What.CLOCK: _now_and_before(gettext_lazy("clock of the targets %(now)s instead of %(before)s"), _clock),
    What.PAUSE: _pause,
    What.WAYS: _now_and_before(gettext_lazy("report by %(now)s instead of %(before)s"), _ways),
    What.INSTRUCTION: _now_and_before(gettext_lazy("how to report: “%(now)s” instead of “%(before)s”"), _text),
    What.DEFERRAL: _deferral,
    What.CHAIN: _now_and_before(gettext_lazy("chain “%(now)s” instead of “%(before)s”"), _chain),
    What.START: _now_and_before(gettext_lazy("%(role)s %(now)s instead of %(before)s"), _start),
    What.CHANNELS: _now_and_before(gettext_lazy("%(role)s by %(now)s instead of %(before)s"), _channels),
    What.RINGING: _now_and_before(gettext_lazy("%(role)s rings %(now)s instead of %(before)s"), _seconds),
    What.LAST_WAIT: _now_and_before(
        gettext_lazy("the chain begins anew %(now)s after its last step instead of %(before)s"), _duration
    ),
}
