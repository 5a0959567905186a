"""Duty as iCalendar (RFC 5545), for programs of the provider's people.

Instants are in UTC, so a clock change needs no description of the zone. A shift keeps its UID as long as it begins
when it does; whatever changes about a roster raises the sequence of all its shifts.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from icalendar import Event

from oncall.exchange.parsing import LINE_PROPERTY
from oncall.models import CalendarFeed, Rota
from oncall.queries import roster_changed_at, rota_facts
from oncall.rotation import Line
from oncall.turns import Turn, turns
from portal.hours import local_instant
from portal.models import Person
from portal.templatetags.pages import phone
from routing.presentation import person_for
from routing.support_calendar import host, new_calendar

from .letters import LINE

BEFORE = timedelta(weeks=5)
AHEAD = timedelta(weeks=26)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""Sequences count the seconds from here: they only grow, and need no memory."""


def duty_ical(feed: CalendarFeed, *, now: datetime) -> tuple[bytes, datetime]:
    """The calendar in its person's language, and since when it has been as it is."""
    rotas = [feed.rota] if feed.rota else list(Rota.objects.all())
    start = _first_of_month(now)
    facts = rota_facts(rotas, at=start, known_at=now, horizon=AHEAD + BEFORE, back=BEFORE)
    changed_at = max(filter(None, [roster_changed_at(rotas), feed.created_at]))
    shown = [
        (rota, turn)
        for rota in rotas
        for line in Line
        for turn in turns(facts[rota.pk], line, start - BEFORE, start + AHEAD)
        if turn.end > start and (feed.rota or turn.person == feed.person_id)
    ]
    with translation.override(feed.person.language or settings.LANGUAGE_CODE):
        names = _names((turn for _rota, turn in shown), feed.person)
        calendar = new_calendar(_title(feed), translation.get_language() or settings.LANGUAGE_CODE)
        for rota, turn in shown:
            calendar.add_component(_event(rota, turn, names, changed_at, own=feed.rota is None))
        content: bytes = calendar.to_ical()
    return content, max(changed_at, start)


def roster_ical(rota: Rota, found: Iterable[Turn], *, reader: Person, now: datetime) -> bytes:
    """A rota's turns as a file for `reader`, in the active language; they can be imported again."""
    found = list(found)
    names = _names(found, reader)
    changed_at = roster_changed_at([rota]) or now
    calendar = new_calendar(
        _("%(rota)s: duty") % {"rota": rota.name}, translation.get_language() or settings.LANGUAGE_CODE
    )
    for turn in found:
        calendar.add_component(_event(rota, turn, names, changed_at, own=False))
    content: bytes = calendar.to_ical()
    return content


def _first_of_month(now: datetime) -> datetime:
    """So a roster that nobody changes stays the same for a month, and is not sent again."""
    first = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date().replace(day=1)
    return local_instant(settings.TIME_ZONE, first, time(0))


def _title(feed: CalendarFeed) -> str:
    if feed.rota:
        return _("%(rota)s: duty") % {"rota": feed.rota.name}
    return _("My duty")


def _names(shown: Iterable[Turn], reader: Person) -> dict[int, str]:
    ids: set[int] = set()
    for turn in shown:
        ids |= {turn.person, *(other.person for other in turn.others if other.person)}
    people = {person.pk: person_for(person, reader) for person in Person.objects.filter(pk__in=ids)}
    return {pk: found["name"] for pk, found in people.items() if found}


def _event(rota: Rota, turn: Turn, names: dict[int, str], changed_at: datetime, *, own: bool) -> Event:
    line = str(LINE[turn.line])
    title = _("On duty: %(rota)s, %(line)s") if own else _("%(name)s: %(rota)s, %(line)s")
    event = Event()
    event.add("uid", f"duty-{rota.slug}-{turn.line}-{int(turn.start.timestamp())}@{host()}")
    event.add("sequence", max(0, int((changed_at - EPOCH).total_seconds())))
    event.add("dtstamp", changed_at)
    event.add("last-modified", changed_at)
    event.add("summary", title % {"rota": rota.name, "line": line, "name": names[turn.person]})
    event.add("description", _description(rota, turn, names))
    event.add("dtstart", turn.start)
    event.add("dtend", turn.end)
    event.add("transp", "TRANSPARENT")
    event.add(LINE_PROPERTY, turn.line.value)
    return event


def _description(rota: Rota, turn: Turn, names: dict[int, str]) -> str:
    others = dict.fromkeys(names[other.person] if other.person else _("nobody") for other in turn.others)
    label = _("Backup: %(names)s") if turn.line is Line.PRIMARY else _("Primary: %(names)s")
    lines = [label % {"names": ", ".join(others)}]
    if rota.duty_number:
        lines.append(_("Duty number: %(number)s") % {"number": phone(rota.duty_number)})
    return "\n".join(lines)
