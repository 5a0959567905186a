"""What a delivery says: on the phone, in a text, in a mail. Pure, but for the language that is active."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matrix.labels import PRIORITY
from matrix.terms import Priority
from routing.incidents.models import Incident, Status, TimelineEntry
from routing.telephony.gsm7 import SEGMENT, septets, shorten, to_gsm7

from .models import ACTIVE, Page
from .services import Answer, Outcome

log = structlog.get_logger(__name__)

URGENCY = tuple(Priority)
ENDING = ("resolved", "merged")
"""Kinds of lines that say how an incident ended."""
SPOKEN = 5
"""How many of several alerts are named in a call or a subject."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One page as a message tells it. `asks`: an answer is expected; `informs`: none is."""

    code: int
    token: str
    number: str
    project: str
    priority: Priority
    title: str
    asks: bool
    informs: bool
    taken_by: str = ""
    called_in_by: str = ""
    ended: bool = False
    ended_by: str = ""
    merged_into: str = ""

    @property
    def headline(self) -> str:
        """As a text and a subject begin: priority, project, number."""
        return f"{str(PRIORITY[self.priority]).upper()} {self.project} #{self.number}"

    @property
    def wanted(self) -> bool:
        """Whether there is still something to say about it."""
        return self.asks or self.informs


def matters(pages: Iterable[Page]) -> tuple[Matter, ...]:
    """The matters of `pages` as they stand now, the most urgent first.

    Reads nothing more where `escalation__incident` comes with its project and assignee. One of which nothing can be
    told is left out, so that it does not silence the others; if there are no others, its error is raised.
    """
    found: list[Matter] = []
    broken: Exception | None = None
    for page in pages:
        try:
            found.append(_matter(page, page.escalation.incident))
        except Exception as error:
            log.exception("page_untold", page=page.pk)
            broken = error
    if broken is not None and not found:
        raise broken
    return tuple(sorted(found, key=lambda matter: (URGENCY.index(matter.priority), int(matter.number))))


def _matter(page: Page, incident: Incident) -> Matter:
    directly = page.route == Page.DIRECT_ROUTE
    end = None if incident.is_open else _last_end(incident)
    return Matter(
        code=page.code,
        token=page.token,
        number=incident.number,
        project=incident.project.key,
        priority=Priority(incident.priority),
        title=_plain(incident.title),
        asks=not page.informs and page.state == Page.State.OPEN and _answer_awaited(page, incident),
        informs=page.informs and (page.escalation.state in ACTIVE or (directly and incident.is_open)),
        taken_by=_taken_by(page, incident),
        called_in_by=page.decision.get("called_in_by", "") if page.calls_in else "",
        ended=not incident.is_open,
        ended_by=(end.actor.name if end.actor else end.actor_name) if end else "",
        merged_into=merged_into(end),
    )


def _answer_awaited(page: Page, incident: Incident) -> bool:
    return incident.is_open if page.calls_in else page.escalation.state in ACTIVE


def _taken_by(page: Page, incident: Incident) -> str:
    """Who has it: its assignee or team, or the shared phone that answered."""
    if incident.status == Status.NEW:
        return ""
    if incident.owner_name:
        return incident.owner_name
    answered = page.escalation.pages.of_chain().filter(state=Page.State.ACKNOWLEDGED).order_by("answered_at").last()
    return answered.name if answered else ""


def _last_end(incident: Incident) -> TimelineEntry | None:
    """The line that says how it ended the last time: resolved, or merged into another."""
    return incident.timeline.filter(kind__in=ENDING).select_related("actor").order_by("pk").last()


def merged_into(end: TimelineEntry | None) -> str:
    """The number of the incident under which it goes on, where that is how it ended."""
    return str(end.data["number"]) if end is not None and end.kind == "merged" else ""


def _plain(text: str) -> str:
    """One line without control characters, which neither a subject nor XML may hold."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def link(matter: Matter, base_url: str) -> str:
    """Where a page is answered in one tap, without logging in."""
    return f"{base_url}/a/{matter.token}/"


# --- Text messages --------------------------------------------------------------------------------------------


def sms_text(found: Sequence[Matter], *, base_url: str) -> str:
    """A page as a text: one GSM-7 segment where possible. The title is shortened, never the codes or the link.

    Of several as many are named as have room. Where even the codes have none, one word answers them all.
    """
    asking = [matter for matter in found if matter.asks]
    address = link((asking or found)[0], base_url)
    if len(found) == 1:
        return _one(found[0], f"{_replies(asking)} {address}")
    to_all = _reply_to_all() if asking else ""
    text = _several(found, f"{_replies(asking)} {address}") or _several(found, f"{to_all} {address}")
    return text or f"{_count(found)} {to_all} {address}"


def _one(matter: Matter, tail: str) -> str:
    tail = to_gsm7(tail.lstrip())
    head = matter.headline
    if matter.called_in_by:
        head = _("%(name)s needs you: %(head)s") % {"name": matter.called_in_by, "head": head}
    if not matter.asks:
        head = _("For your information, no answer needed: %(head)s") % {"head": head}
    # A name of a project that is too long beside the link is cut, and leaves no room for the title.
    room = SEGMENT - septets(tail) - 1
    head = shorten(to_gsm7(f"{head}: "), room)
    return f"{head}{shorten(to_gsm7(matter.title), room - septets(head))}".rstrip(": ") + f" {tail}"


def _several(found: Sequence[Matter], tail: str) -> str:
    """A text that names as many as have room, one at least; empty where there is none."""
    tail = to_gsm7(tail.lstrip())
    head = _count(found)
    if not any(matter.asks for matter in found):
        head = _("For your information, no answer needed: %(head)s") % {"head": head}
    for named in range(len(found), 0, -1):
        listed = ", ".join(matter.headline for matter in found[:named])
        text = to_gsm7(f"{head}: {listed}{_and_more(len(found) - named)} {tail}")
        if septets(text) <= SEGMENT:
            return text
    return ""


def _count(found: Sequence[Matter]) -> str:
    return ngettext("%(count)d alert", "%(count)d alerts", len(found)) % {"count": len(found)}


def _and_more(count: int) -> str:
    return " " + _("and %(count)d more") % {"count": count} if count else ""


def _replies(asking: Sequence[Matter]) -> str:
    """How to answer by a text."""
    codes = " ".join(str(matter.code) for matter in asking)
    if asking and all(matter.called_in_by for matter in asking):
        return _("1 %(codes)s=I come 2 %(codes)s=no") % {"codes": codes}
    return _("1 %(codes)s=yes 2 %(codes)s=next") % {"codes": codes} if codes else ""


def _reply_to_all() -> str:
    """How to answer by a text what has too many codes; the word is one of `replies.EVERYTHING`."""
    return _("1 all=yes 2 all=next")


def reminder_text(found: Sequence[Matter], *, base_url: str) -> str:
    """That something taken shows no progress, with the link to it."""
    tail = to_gsm7(link(found[0], base_url))
    head = ", ".join(matter.headline for matter in found)
    head = to_gsm7(_("Reminder, no progress: %(head)s") % {"head": head})
    return f"{shorten(head, SEGMENT - septets(tail) - 1)} {tail}"


def stand_down_text(found: Sequence[Matter]) -> str:
    """The one short message to those called earlier."""
    return shorten(to_gsm7(", ".join(stood_down(matter) for matter in found)), SEGMENT)


def stood_down(matter: Matter) -> str:
    """Why nobody needs to answer any more."""
    names = {"number": matter.number, "project": matter.project}
    if matter.merged_into:
        return _("%(project)s #%(number)s goes on as #%(into)s") % {**names, "into": matter.merged_into}
    if matter.ended and matter.ended_by:
        return _("%(project)s #%(number)s: resolved by %(name)s") % {**names, "name": matter.ended_by}
    if matter.ended:
        return _("%(project)s #%(number)s: resolved") % names
    if matter.taken_by:
        return _("%(project)s #%(number)s: taken by %(name)s") % {**names, "name": matter.taken_by}
    return _("%(project)s #%(number)s: no answer needed any more") % names


# --- Calls ----------------------------------------------------------------------------------------------------


def spoken(found: Sequence[Matter], *, name: str) -> str:
    """Who is meant, and what has happened."""
    greeting = _("Direktdraht for %(name)s.") % {"name": name}
    told = [_said(matter) for matter in found[:SPOKEN]]
    if len(found) > 1:
        told.insert(0, f"{_count(found)}.")
    if len(found) > SPOKEN:
        told.append(f"{_and_more(len(found) - SPOKEN).strip()}.")
    return " ".join([greeting, *told])


def _said(matter: Matter) -> str:
    told = _told(matter)
    if matter.called_in_by:
        return " ".join([_("%(name)s has it and asks for your help.") % {"name": matter.called_in_by}, told])
    return told


def _told(matter: Matter) -> str:
    return _("%(priority)s in project %(project)s, incident %(number)s: %(title)s.") % {
        "priority": PRIORITY[matter.priority],
        "project": matter.project,
        "number": matter.number,
        "title": matter.title.rstrip("."),
    }


def keys(asking: Sequence[Matter]) -> str:
    """Which key does what."""
    if all(matter.called_in_by for matter in asking):
        return _("Press 1 if you come, 2 if you cannot, star to repeat.")
    return ngettext(
        "Press 1 to acknowledge, 2 to pass on to the next, star to repeat.",
        "Press 1 to acknowledge all of them, 2 to pass them on to the next, star to repeat.",
        len(asking),
    )


def spoken_stand_down(matter: Matter) -> str:
    """Why the call is void, as a sentence."""
    names = {"number": matter.number, "name": matter.taken_by, "into": matter.merged_into}
    if matter.merged_into:
        return _("Incident %(number)s goes on as incident %(into)s.") % names
    if matter.ended:
        return _("Incident %(number)s is over already.") % names
    if matter.taken_by:
        return _("Incident %(number)s has been taken by %(name)s.") % names
    return _("Incident %(number)s needs no answer any more.") % names


def answered(answer: Answer) -> str:
    """What an answer came to, said or written after the commit."""
    names = {"number": answer.incident.number, "name": answer.by_name}
    match answer.outcome:
        case Outcome.TAKEN:
            return _("Incident %(number)s is acknowledged.") % names
        case Outcome.YOURS_ALREADY:
            return _("Incident %(number)s is yours already.") % names
        case Outcome.TAKEN_BY_OTHER:
            return _("Incident %(number)s has been taken by %(name)s.") % names
        case Outcome.COMES:
            return _("Thank you. You come to help with incident %(number)s.") % names
        case Outcome.DECLINED:
            return _("You cannot come to incident %(number)s: that is noted.") % names
        case Outcome.PASSED_ON:
            return _("Incident %(number)s is passed on to the next.") % names
        case Outcome.ENDED:
            return _("Incident %(number)s is over already.") % names


# --- Mails ----------------------------------------------------------------------------------------------------


def mail(found: Sequence[Matter], *, name: str, base_url: str) -> tuple[str, str]:
    """Subject and body of a page by e-mail."""
    asks = any(matter.asks for matter in found)
    what = _("Please acknowledge or pass on:") if asks else _("For your information, no answer needed.")
    if asks and all(matter.called_in_by for matter in found):
        what = _("You are called in by %(name)s. Please say whether you come:") % {"name": found[0].called_in_by}
    lines = [_("Hello %(name)s,") % {"name": name}, "", what]
    for matter in found:
        lines += ["", f"{matter.headline}: {matter.title}", link(matter, base_url)]
    return _subject(found), "\n".join([*lines, ""])


def _subject(found: Sequence[Matter]) -> str:
    if len(found) == 1:
        return f"{found[0].headline}: {found[0].title}"
    named = ", ".join(matter.headline for matter in found[:SPOKEN])
    return f"{_count(found)}: {named}{_and_more(max(len(found) - SPOKEN, 0))}"


def reminder_mail(found: Sequence[Matter], *, name: str, base_url: str) -> tuple[str, str]:
    """Subject and body for whoever has taken something that shows no progress."""
    subject = _("Reminder, no progress: %(head)s") % {"head": _subject(found)}
    lines = [_("Hello %(name)s,") % {"name": name}, ""]
    lines.append(_("there has been no progress for a while. Unless there is, a new round of calls begins."))
    for matter in found:
        lines += ["", f"{matter.headline}: {matter.title}", link(matter, base_url)]
    return subject, "\n".join([*lines, ""])


def stand_down_mail(found: Sequence[Matter], *, name: str) -> tuple[str, str]:
    """Subject and body for those called earlier."""
    lines = [stood_down(matter) for matter in found]
    return ", ".join(lines), "\n".join([_("Hello %(name)s,") % {"name": name}, "", *lines, ""])


# --- Codes and tests ------------------------------------------------------------------------------------------


def code_text(code: str) -> str:
    """A verification code as a text."""
    return to_gsm7(_("%(code)s is your code for Direktdraht. It is valid for ten minutes.") % {"code": code})


def code_mail(code: str, *, name: str) -> tuple[str, str]:
    """Subject and body of a verification code."""
    lines = [_("Hello %(name)s,") % {"name": name}, "", code_text(code)]
    return _("Your code for Direktdraht"), "\n".join([*lines, ""])


def spoken_code(code: str) -> str:
    """A verification code digit by digit."""
    return _("Your code for Direktdraht is: %(code)s.") % {"code": ", ".join(code)}


def trial_text(name: str) -> str:
    """A test page as a text, whatever the name one segment; also what a test call says."""
    text = _("Test by Direktdraht for %(name)s: this is how a page reaches you here.")
    room = SEGMENT - septets(to_gsm7(text % {"name": ""}))
    return to_gsm7(text % {"name": shorten(to_gsm7(name), room)})


def trial_mail(name: str) -> tuple[str, str]:
    """Subject and body of a test page."""
    lines = [_("Hello %(name)s,") % {"name": name}, "", trial_text(name)]
    return _("Test by Direktdraht"), "\n".join([*lines, ""])
