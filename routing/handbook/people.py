"""Who is who: the project's contacts and roles, the management, and the customer's authorised contacts."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from matrix import labels
from matrix.terms import Role, Window
from matrix.wording import after
from portal.hours import Hours, WeeklyInterval
from portal.models import Contact
from routing.decision import AssigneeFacts, Callee, Kind, PersonFacts, TeamFacts
from routing.presentation import callee_for, person_for

from .blocks import Cell, Line, Section, Table, Text
from .chains import SHORT, Decided, decided_topic, named, phone_line
from .given import Given

Row = tuple[Cell, ...]
MIDNIGHT = "00:00"


def weekly_words(weekly: Iterable[WeeklyInterval]) -> list[tuple[str, str]]:
    """Days and times of a week, days with the same times joined: ("Mon-Fri", "08:00-18:00")."""
    by_day = {day: _times(weekly, day) for day in range(7)}
    runs = groupby(sorted(by_day), key=lambda day: by_day[day])
    words = []
    for times, run in runs:
        days = list(run)
        if times:
            first, last = str(WEEKDAYS_ABBR[days[0]]), str(WEEKDAYS_ABBR[days[-1]])
            words.append((first if len(days) == 1 else f"{first}–{last}", times))
    return words


def _times(weekly: Iterable[WeeklyInterval], day: int) -> str:
    spans = sorted((each.start, each.end) for each in weekly if each.weekday == day)
    return ", ".join(span_words(start.strftime("%H:%M"), end.strftime("%H:%M")) for start, end in spans)


def span_words(opens: str, closes: str) -> str:
    return f"{opens}–{'24:00' if closes == MIDNIGHT else closes}"


def hours_line(hours: Hours | None) -> Iterator[Line]:
    """When somebody with hours of their own is reached."""
    if hours and (words := weekly_words(hours.weekly)):
        yield Line("; ".join(f"{days} {times}" for days, times in words), "quiet")


# --- The provider's people ---------------------------------------------------------------------------------


def contacts(given: Given) -> Section:
    """Everybody behind the project, by role."""
    known = given.known
    rows = [
        *_assigned(given, Role.SDM, known.sdm, _("First contact for everything technical; answers for the contract")),
        *_team(given, Role.SERVICE_DESK, known.service_desk, _("Helps directly or connects you with the team")),
        *_team(given, Role.PROJECT_TEAM, known.project_team, _("Specialists who know the project")),
        *_on_call(given),
        *_assigned(given, Role.BRM, known.brm, _("Offers, contracts, concepts, appointments")),
        *(_person(given, Role.ESCALATION_MANAGER, each) for each in known.base.managers),
    ]
    return Section(
        "contacts",
        _("Contacts and roles"),
        (
            Text(
                _(
                    "Your first contact is a named person who knows the project. Whoever stands in for somebody who is "
                    "away is shown in the portal at any moment."
                )
            ),
            Table(
                caption=_("Contacts of the project"),
                head=(_("Role"), _("Name"), _("Phone and e-mail")),
                rows=tuple(rows),
                widths=(38, 29, 33),
            ),
        ),
    )


def _callee(given: Given, callee: Callee) -> tuple[str, str]:
    shown = callee_for(callee, reader=given.reader, language=given.language)
    return shown["name"], shown["phone"]


def _row(role: Role, said: str, name: Iterable[Line], reached: Iterable[Line]) -> Row:
    short = f" ({SHORT[role]})" if role in SHORT else ""
    label = Line(f"{capfirst(str(labels.ROLE[role]))}{short}", "strong")
    return (label, *((Line(said, "quiet"),) if said else ())), tuple(name), tuple(reached)


def _assigned(given: Given, role: Role, assignees: Iterable[AssigneeFacts], said: str) -> Iterator[Row]:
    """Whoever holds the role now, and who stands in, in order."""
    for place, each in enumerate(each for each in assignees if each.valid.contains(given.at)):
        yield _person(given, role, each.person, said if place == 0 else _("Stands in as deputy"))


def _person(given: Given, role: Role, person: PersonFacts, said: str = "") -> Row:
    name, number = _callee(given, Callee(Kind.PERSON, person.id, person.name, person.direct_line))
    return _row(role, said, (Line(name), *hours_line(person.hours)), [phone_line(number)] if number else [])


def _team(given: Given, role: Role, team: TeamFacts | None, said: str) -> Iterator[Row]:
    if team is None:
        return
    name, number = _callee(given, Callee(Kind.TEAM, team.id, team.name, team.phone))
    reached = [phone_line(number)] if number else []
    if team.email:
        reached.append(Line(team.email, href=f"mailto:{team.email}"))
    yield _row(role, said, (Line(name), *hours_line(team.hours)), reached)


def _on_call(given: Given) -> Iterator[Row]:
    said = _("Primary and backup; by phone outside business hours")
    for duty in given.known.duty:
        if duty.valid.contains(given.at):
            name, number = _callee(given, Callee(Kind.PERSON, None, "", duty.duty_number, duty.public_name))
            yield _row(Role.ON_CALL_PRIMARY, said, [Line(name)], [phone_line(number)] if number else [])


def emergency(given: Given) -> Iterator[tuple[str, Cell]]:
    """The numbers for the worst hour, as they stand on the cover."""
    if given.project.hotline:
        yield _("Hotline of the project"), (phone_line(str(given.project.hotline), "strong"),)
    desk = given.known.service_desk
    if desk and desk.phone:
        yield f"{desk.name}, {labels.WINDOW[Window.BUSINESS_HOURS]}", (phone_line(desk.phone, "strong"),)
    for duty in given.known.duty:
        if duty.valid.contains(given.at) and duty.duty_number:
            name, number = _callee(given, Callee(Kind.PERSON, None, "", duty.duty_number, duty.public_name))
            yield f"{name}, {labels.WINDOW[Window.AFTER_HOURS]}", (phone_line(number, "strong"),)


# --- The way to management ----------------------------------------------------------------------------------


def management(given: Given, all_decided: tuple[Decided, ...]) -> Section:
    """Who of the management is reached, when they are told by themselves, and where a complaint goes."""
    rows = tuple(
        (
            (Line(str(labels.PRIORITY[each.priority]), "strong"),),
            *((Line(_managers_told(each, window)),) for window in Window),
        )
        for each in all_decided
    )
    managers = tuple(_person(given, Role.ESCALATION_MANAGER, each)[1:] for each in given.known.base.managers)
    return Section(
        "management",
        _("The way to our management"),
        (
            Text(
                _(
                    "You do not have to ask for our management: a chain that runs long tells them by itself, at the "
                    "times below. You may call them at any time all the same."
                )
            ),
            *(Text(text) for text in _complaints(given)),
            *([Table(_("Our management, in order"), (_("Name"), _("Phone")), managers, (60, 40))] if managers else []),
            Table(
                caption=_("When the management is told by itself"),
                head=(_("Priority"), *(capfirst(str(labels.WINDOW[window])) for window in Window)),
                rows=rows,
                widths=(20, 40, 40),
            ),
        ),
    )


def _managers_told(each: Decided, window: Window) -> str:
    shown = each.reported[window]
    if shown is None:
        return "–"
    if shown["deferred_until"]:
        return _("as in business hours, from the next opening on")
    links = [link for link in shown["chain"] if link["role"] == Role.ESCALATION_MANAGER]
    return after(links[0]["after_minutes"]) if links else _("when every round of the chain has passed")


def _complaints(given: Given) -> Iterator[str]:
    language = "de" if given.language == "de" else "en"
    for topic in given.topics:
        if Role.ESCALATION_MANAGER in topic.roles and (shown := decided_topic(given, topic)):
            who = ", ".join(named(link) for link in shown["chain"])
            words = {"topic": getattr(topic, f"name_{language}"), "who": who}
            yield _("%(topic)s: in business hours you reach, in this order: %(who)s.") % words


# --- The customer's people ----------------------------------------------------------------------------------


def customer_contacts(given: Given) -> Section:
    """Who may report and order, and whom we call back in which order and when."""
    return Section(
        "customer-contacts",
        _("Your authorised contacts"),
        (
            Text(
                _(
                    "These people may act for you in this project. Please tell us, or change it in the portal, when "
                    "somebody joins or leaves."
                )
            ),
            Table(
                caption=_("Contacts of %(customer)s") % {"customer": given.project.customer.name},
                head=(_("Name"), _("Rights"), _("Call-back"), _("Phone and e-mail")),
                rows=tuple(_contact(given, contact) for contact in given.contacts),
                widths=(23, 25, 21, 31),
            ),
        ),
    )


def _contact(given: Given, contact: Contact) -> Row:
    shown = person_for(contact.person, given.reader) or {}
    name = (Line(shown["name"], "strong"), *((Line(contact.company, "quiet"),) if contact.company else ()))
    rights = [
        text
        for text, may in (
            (_("report incidents"), contact.can_report),
            (_("place orders"), contact.can_order),
            (_("manage contacts"), contact.can_manage_contacts),
        )
        if may
    ]
    number = str(contact.person.direct_line or "")
    reached = [phone_line(number)] if number else []
    if email := shown.get("email"):
        reached.append(Line(email, href=f"mailto:{email}"))
    return name, (Line(", ".join(rights) or _("read only")),), tuple(_call_back(given, contact)), tuple(reached)


def _call_back(given: Given, contact: Contact) -> Iterator[Line]:
    order = contact.call_back_order
    yield Line(_("as number %(order)s") % {"order": order} if order else _("not called back"))
    if not order:
        return
    weekly = given.reachable.get(contact.reachable_id or 0, ())
    words = "; ".join(f"{days} {times}" for days, times in weekly_words(weekly))
    yield Line(words or _("at any time"), "quiet")
