"""The chains of a handbook: what the one resolver decides on an ordinary day, in words and link by link."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from matrix import labels
from matrix.models import Topic
from matrix.terms import Priority, Role, Window
from matrix.wording import after
from portal.templatetags.pages import phone
from routing.decide import decide
from routing.decision import Facts, Source
from routing.presentation import present

from .blocks import Chains, Flow, FlowLink, Line, Section, Table, Text
from .given import Given

SHORT = {Role.SDM: "SDM", Role.BRM: "BRM"}
"""What both languages call these roles for short."""
Shown = Mapping[str, Any]
"""A decision as `present` shows it to the customer."""


@dataclass(frozen=True)
class Decided:
    """What is decided for one priority in each window; None where there is no such window."""

    priority: Priority
    reported: Mapping[Window, Shown | None]
    monitored: Mapping[Window, Shown | None]


def decided(given: Given) -> tuple[Decided, ...]:
    """Every priority of the version in force, most urgent first."""
    return tuple(
        Decided(
            priority,
            reported=_by_window(given, given.known.facts(priority=priority, source=Source.CUSTOMER)),
            monitored=_by_window(given, given.known.facts(priority=priority, source=Source.MONITORING)),
        )
        for priority in Priority
        if priority in given.content.priorities
    )


def decided_topic(given: Given, topic: Topic) -> Shown | None:
    """What is decided for a request in office hours."""
    return _shown(given, given.known.topic(topic), Window.BUSINESS_HOURS)


def _by_window(given: Given, facts: Facts) -> dict[Window, Shown | None]:
    return {window: _shown(given, facts, window) for window in Window}


def _shown(given: Given, facts: Facts, window: Window) -> Shown | None:
    at = given.ordinary.get(window)
    return present(decide(facts, at), reader=given.reader, language=given.language) if at else None


# --- In words ---------------------------------------------------------------------------------------------


def names(link: Shown) -> str:
    """Who a link calls, as the customer reads it."""
    return ", ".join(person["name"] for person in link["people"])


def named(link: Shown) -> str:
    """Who a link calls, with what they are where the name does not say it: a team's and an on-call's do."""
    who, role = names(link), link["role"]
    if role == Role.ON_CALL_BACKUP:
        return _("%(name)s (backup)") % {"name": who}
    if role in SHORT:
        return f"{who} ({SHORT[role]})"
    return f"{who} ({link['role_label']})" if role == Role.ESCALATION_MANAGER else who


def number(link: Shown) -> Line | None:
    """The published number of a link, where there is one."""
    found = next((person["phone"] for person in link["people"] if person["phone"]), "")
    return phone_line(found) if found else None


def phone_line(found: str, style: str = "") -> Line:
    return Line(phone(found), style, f"tel:{found}")


def link_words(link: Shown) -> str:
    """One link: when, and who is called or told."""
    when = after(link["after_minutes"])
    if link["informs"]:
        return _("%(when)s %(who)s is informed") % {"when": when, "who": named(link)}
    return f"{when} {named(link)}"


def chain_words(shown: Shown) -> str:
    """A whole chain as a sentence."""
    return capfirst("; ".join(link_words(link) for link in shown["chain"])) + "."


def waits() -> str:
    """What a deferred chain does."""
    return _("Waits for the next opening, then goes on as in business hours. Nobody is called before.")


# --- Drawn ------------------------------------------------------------------------------------------------


def escalation(all_decided: tuple[Decided, ...]) -> Section:
    return Section(
        "escalation",
        _("Escalation: who follows if nobody answers"),
        (
            Text(
                _(
                    "Each chain calls one link after the other until somebody answers. Whoever was called before can "
                    "still answer. A link that nobody can take at that moment is passed over at once; its time is not "
                    "waited for. A link that is informed is told, and is not expected to answer."
                )
            ),
            Text(
                _(
                    "If nobody has answered at the end, the chain starts again, twice. After that the management is "
                    "alarmed by phone until somebody answers. A chain never ends in silence."
                )
            ),
            *(_chains(each) for each in all_decided),
        ),
    )


def _chains(each: Decided) -> Chains:
    flows = [_flow(str(labels.WINDOW[window]), shown) for window, shown in each.reported.items() if shown is not None]
    return Chains(str(labels.PRIORITY[each.priority]), (*flows, *_monitoring(each)))


def _flow(title: str, shown: Shown, note: str = "") -> Flow:
    title = capfirst(title)
    if shown["deferred_until"]:
        return Flow(title, waits(), (), waits())
    words = chain_words(shown)
    return Flow(title, f"{words} {note}".strip(), tuple(_links(shown)), note)


def _monitoring(each: Decided) -> Iterator[Flow]:
    """What monitoring sets off, where it has a chain of its own."""
    shown = each.monitored[Window.BUSINESS_HOURS] or each.monitored[Window.AFTER_HOURS]
    if shown is None or shown["route"] != "monitoring":
        return
    outside = each.monitored[Window.AFTER_HOURS]
    waiting = outside is not None and bool(outside["deferred_until"])
    note = _("Outside business hours it waits for the next opening.") if waiting else ""
    yield _flow(_("reported by monitoring"), shown, note)


def _links(shown: Shown) -> Iterator[FlowLink]:
    for link in shown["chain"]:
        who, role = names(link), link["role_label"]
        yield FlowLink(
            when=capfirst(after(link["after_minutes"])),
            who=who,
            role="" if who == role else capfirst(role),
            phone=None if link["informs"] else number(link),
            informs=_("is informed") if link["informs"] else "",
        )


# --- On call ----------------------------------------------------------------------------------------------


def on_call(given: Given, all_decided: tuple[Decided, ...]) -> Section:
    """How on-call works, with the minutes of this matrix."""
    duty = next((each for each in given.known.duty if each.valid.contains(given.at)), None)
    if duty is None:
        reached = _("No on-call team is assigned to this project at present.")
    else:
        name = duty.public_name.get(given.language, "")
        reached = _("On call for this project: %(name)s, %(number)s.") % {
            "name": name,
            "number": phone(duty.duty_number) or _("without a number of its own"),
        }
    rows = tuple(
        (
            (Line(str(labels.PRIORITY[each.priority]), "strong"),),
            (Line(_backup(each.reported[Window.AFTER_HOURS])),),
            (Line(_backup(each.monitored[Window.AFTER_HOURS] or each.monitored[Window.BUSINESS_HOURS])),),
        )
        for each in all_decided
    )
    return Section(
        "on-call",
        _("How on-call works"),
        (
            Text(reached),
            Text(
                _(
                    "Outside business hours you reach the on-call engineers by phone; our monitoring calls them at any "
                    "hour, in the daytime too. Two engineers are on duty at all times, a primary and a backup. If the "
                    "primary has not answered after the time below, the backup is called as well: beside the primary, "
                    "not instead. Both can still answer."
                )
            ),
            Table(
                caption=_("When the backup is called too"),
                head=(_("Priority"), _("Reported outside business hours"), _("Reported by monitoring")),
                rows=rows,
                widths=(20, 40, 40),
            ),
            Text(
                _(
                    "A message on the mailbox, an automatic reply or a call that nobody takes is no answer: only a "
                    "qualified person who takes the incident stops the chain."
                )
            ),
        ),
    )


def _backup(shown: Shown | None) -> str:
    if shown is None:
        return "–"
    if shown["deferred_until"]:
        return _("waits for the next opening")
    links = shown["chain"]
    minutes = next((link["after_minutes"] for link in links if link["role"] == Role.ON_CALL_BACKUP), None)
    if minutes is None:
        return _("no backup in this chain")
    return _("backup %(when)s") % {"when": after(minutes)}
