"""The timeline: weeks of the reader's zone, each with a row per line, overrides, absences, and who is on duty.

Positions are whole hours from Monday on by the clock on the wall, so every day is as wide as any other; the
instants themselves are exact, and said in words.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from oncall.models import Absence, Override, Rota, RotaCoverage
from oncall.queries import bounds
from oncall.rotation import DutyReason, Line
from oncall.timeline import Stretch, planned, stretches
from portal.hours import statutory_holidays
from portal.models import ProjectSupport, SupportHours
from routing.duty.letters import LINE

from .known import Known

WEEK = timedelta(weeks=1)
HOURS = 24 * 7


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    today: bool
    holiday: str
    clocks: str


@dataclass(frozen=True, slots=True)
class Item:
    """One bar of a row; `first` and `last` are hours of the week. `start` and `end` are its own, also beyond it."""

    first: int
    last: int
    start: datetime
    end: datetime
    name: str
    kind: str
    note: str = ""
    href: str = ""
    """Where it is changed; empty where it has passed."""


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    kind: str
    line: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Week:
    monday: date
    number: int
    start: datetime
    end: datetime
    days: tuple[Day, ...]
    rows: tuple[Row, ...]
    now_hour: int | None

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def midnight(day: date) -> datetime:
    """The instant at which the day begins for the reader."""
    return datetime.combine(day, time(0), tzinfo=timezone.get_current_timezone()).astimezone(UTC)


def weeks(rota: Rota, known: Known, first: date, number: int, *, now: datetime) -> list[Week]:
    """So many weeks from the Monday `first` on; `known` has to reach over them."""
    overrides = list(
        Override.objects.current()
        .filter(rota=rota, period__overlap=(known.start, known.end))
        .select_related("person")
        .prefetch_related("swaps")
    )
    members = {person for rule in known.facts[rota.pk].rotations for person in rule.members}
    concerned = members | {row.person_id for row in overrides}
    absences = Absence.objects.current().filter(
        person__in=concerned, kind="day", period__overlap=(known.start, known.end)
    )
    bars = {line: [_override(row, known, now) for row in overrides if row.line == line] for line in Line}
    bars_of = {
        "override": bars,
        "plan": {line: _plan(rota, known, line) for line in Line},
        "duty": {line: _duty(rota, known, line, now) for line in Line},
    }
    away = [_absence(row, known, rota, now) for row in absences.order_by("period", "pk")]
    holidays = _holidays(rota, first, number, now=now)
    return [_week(first + each * WEEK, bars_of, away, holidays, now=now) for each in range(number)]


def _plan(rota: Rota, known: Known, line: Line) -> list[Item]:
    return [_turn(each, known) for each in planned(known.facts[rota.pk], line, known.start, known.end) if each.holder]


def _duty(rota: Rota, known: Known, line: Line, now: datetime) -> list[Item]:
    """Each leads to the form in which somebody else is named for what is left of it."""
    found = [_turn(each, known) for each in stretches(known.facts[rota.pk], line, known.start, known.end)]
    form = reverse("roster_override", args=[rota.slug])
    return [
        replace(each, href=f"{form}?line={line}&begins={_wall(max(each.start, now))}&ends={_wall(each.end)}")
        if each.end > now and not rota.retired_at
        else each
        for each in found
    ]


def _wall(at: datetime) -> str:
    """As an input of kind datetime-local takes it."""
    return timezone.localtime(at).strftime("%Y-%m-%dT%H:%M")


def _week(
    monday: date,
    bars: Mapping[str, Mapping[Line, list[Item]]],
    away: list[Item],
    holidays: Mapping[date, str],
    *,
    now: datetime,
) -> Week:
    start, end = midnight(monday), midnight(monday + WEEK)
    rows: list[Row] = []
    for line in Line:
        turns = bars["plan"][line]
        rows.append(Row(_("Rotation, %(line)s") % {"line": LINE[line]}, "plan", line, _within(turns, start, end)))
        if over := _within(bars["override"][line], start, end):
            rows.append(Row(_("Overrides, %(line)s") % {"line": LINE[line]}, "override", line, over))
    if gone := _within(away, start, end):
        rows.append(Row(_("Away"), "away", "", gone))
    for line in Line:
        duty = bars["duty"][line]
        rows.append(Row(_("On duty, %(line)s") % {"line": LINE[line]}, "duty", line, _within(duty, start, end)))
    today = timezone.localdate(now)
    days = [_day(monday + timedelta(days=each), today, holidays) for each in range(7)]
    hour = _hour(now, monday) if start <= now < end else None
    return Week(monday, monday.isocalendar().week, start, end, tuple(days), tuple(rows), hour)


def _within(items: Iterable[Item], start: datetime, end: datetime) -> tuple[Item, ...]:
    monday = timezone.localdate(start)
    found = []
    for each in items:
        if each.start < end and each.end > start:
            first = _hour(max(each.start, start), monday)
            last = HOURS if each.end >= end else _hour(each.end, monday)
            first = min(first, HOURS - 1)
            found.append(
                Item(first, max(last, first + 1), each.start, each.end, each.name, each.kind, each.note, each.href)
            )
    return tuple(found)


def _hour(at: datetime, monday: date) -> int:
    local = timezone.localtime(at)
    return (local.date() - monday).days * 24 + local.hour


def _turn(each: Stretch, known: Known) -> Item:
    if each.holder is None:
        return Item(0, 0, each.start, each.end, _("nobody"), "gap")
    notes = {
        DutyReason.OVERRIDE: _("by override"),
        DutyReason.MOVED_UP: _("moves up"),
        DutyReason.STAND_IN: _("stands in"),
    }
    reason = each.holder.reason
    return Item(0, 0, each.start, each.end, known.name(each.holder.person), reason.value, notes.get(reason, ""))


def _override(row: Override, known: Known, now: datetime) -> Item:
    start, end = bounds(row.period)
    note = _("swap") if row.swaps.all() else ""
    href = reverse("roster_override_end", args=[row.pk]) if end > now else ""
    return Item(0, 0, start, end, known.name(row.person_id), "override", note, href)


def _absence(row: Absence, known: Known, rota: Rota, now: datetime) -> Item:
    start, end = bounds(row.period)
    href = reverse("roster_absence_end", args=[row.pk]) + f"?rota={rota.slug}" if end > now else ""
    return Item(0, 0, start, end, known.name(row.person_id), "away", "", href)


def _day(day: date, today: date, holidays: Mapping[date, str]) -> Day:
    length = midnight(day + timedelta(days=1)) - midnight(day)
    clocks = ""
    if length < timedelta(days=1):
        clocks = _("clocks go forward")
    elif length > timedelta(days=1):
        clocks = _("clocks go back")
    return Day(day, day == today, holidays.get(day, ""), clocks)


def _holidays(rota: Rota, first: date, number: int, *, now: datetime) -> dict[date, str]:
    """Statutory holidays where the offices are that support what the rota covers."""
    covered = RotaCoverage.objects.as_of(now).filter(rota=rota, valid__contains=now).values("project")
    supports = ProjectSupport.objects.as_of(now).filter(project__in=covered).values("hours")
    places = set(SupportHours.objects.filter(pk__in=supports).exclude(country="").values_list("country", "subdivision"))
    years = sorted({(first + each * WEEK).year for each in range(number + 1)})
    found: dict[date, str] = {}
    for country, subdivision in sorted(places):
        found |= dict(_named(country, subdivision, years))
    return found


def _named(country: str, subdivision: str, years: Iterable[int]) -> Iterator[tuple[date, str]]:
    try:
        yield from statutory_holidays(country, subdivision or None, years, translation.get_language()).items()
    except ValueError:  # an unknown place has none
        return
