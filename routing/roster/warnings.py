"""What an administrator should know about a rota's weeks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from oncall.models import Rota
from oncall.timeline import Amiss, Finding, findings
from portal import clock
from portal.models import Person
from routing.duty.confirmations import unconfirmed
from routing.duty.letters import LINE

from .known import Known, gather, when

DAY = timedelta(days=1)
"""For how long somebody else is proposed where a handover is not confirmed."""


@dataclass(frozen=True, slots=True)
class Warn:
    """One sentence about `[start, end)`; `grave` is what leaves somebody uncalled."""

    start: datetime
    end: datetime
    text: str
    grave: bool = False


def warnings_for(
    rota: Rota, start: datetime, end: datetime, *, reader: Person | None = None, known: Known | None = None
) -> list[Warn]:
    """Gaps and conflicts of the rota in the period, by time. `known`: gathered already for at least that period."""
    if known is None:
        known = gather([rota], reader=reader or Person(is_staff=True), start=start, end=end, now=clock.now())
    return in_words(findings(known.facts[rota.pk], start, end, absences=known.absences), known)


def unconfirmed_in(rotas: Iterable[Rota], known: Known, *, now: datetime) -> dict[int, list[Warn]]:
    """By rota (key) the coming handovers that nobody has confirmed; grave once others were told. One query."""
    found: dict[int, list[Warn]] = {}
    for each in unconfirmed(rotas, now=now):
        words = {"name": known.name(each.person), "line": str(LINE[each.line]), "at": when(each.at)}
        said = _("%(name)s has not confirmed yet to take over as %(line)s on %(at)s.") % words
        found.setdefault(each.rota, []).append(Warn(each.at, each.at + DAY, said, each.late))
    return found


def in_words(found: Iterable[Finding], known: Known) -> list[Warn]:
    return [Warn(each.start, each.end, _text(each, known), each.what is Amiss.NOBODY) for each in found]


def _text(each: Finding, known: Known) -> str:
    words = {
        "line": str(LINE[each.line]),
        "name": known.name(each.person),
        "other": known.name(each.instead),
        "start": when(each.start),
        "end": when(each.end),
    }
    match each.what:
        case Amiss.NOBODY:
            return _("Nobody is on duty as %(line)s from %(start)s to %(end)s.") % words
        case Amiss.ABSENT_ON_DUTY:
            return _("%(name)s is away and on duty as %(line)s all the same, from %(start)s to %(end)s.") % words
        case Amiss.ABSENT:
            return _("%(name)s is away; %(other)s steps in as %(line)s from %(start)s to %(end)s.") % words
        case Amiss.BOTH_LINES:
            return _("Both lines fall to %(name)s; %(other)s stands in as %(line)s from %(start)s to %(end)s.") % words
