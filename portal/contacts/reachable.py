"""When the provider may call a contact back: at any hour, or on some days of each week from … to ….

Written as a short text, "0-4 09:00-17:00" for Monday to Friday; empty is any hour, `KEEP` stands for hours that this
simple form cannot express and that it leaves as they are.
"""

import re
from datetime import datetime, time

from django.utils.dates import WEEKDAYS_ABBR

from portal.models import Contact, Person, ProjectSupport, SupportHours, WeeklyOpening
from portal.services import record, retire

KEEP = "keep"
ANY_HOUR = ""
_TEXT = re.compile(r"(?P<first>[0-6])-(?P<last>[0-6]) (?P<opens>\d\d:\d\d)-(?P<closes>\d\d:\d\d)")


def write(days: str, opens: time, closes: time) -> str:
    """The text for `days` such as "0-4"."""
    return f"{days} {opens:%H:%M}-{closes:%H:%M}"


def read(text: str) -> tuple[str, time, time] | None:
    """Days, from and to; None for any hour and for `KEEP`."""
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    days = f"{found['first']}-{found['last']}"
    return days, time.fromisoformat(found["opens"]), time.fromisoformat(found["closes"])


def hours_text(hours: SupportHours | None) -> str:
    """The text for a calendar; uses its weekly openings if they were fetched with it."""
    if hours is None:
        return ANY_HOUR
    rows = [row for row in hours.weekly.all() if row.recorded and row.recorded.upper_inf]
    days = sorted(row.weekday for row in rows)
    spans = {(row.opens, row.closes) for row in rows}
    if not rows or len(spans) > 1 or days != list(range(days[0], days[0] + len(days))):
        return KEEP
    ((opens, closes),) = spans
    return write(f"{days[0]}-{days[-1]}", opens, closes)


def shown(text: str) -> str:
    """For the eye, in the reader's language: "Mo–Fr 09:00–17:00"; empty for any hour and for `KEEP`."""
    found = read(text)
    if found is None:
        return ""
    days, opens, closes = found
    first, last = (str(WEEKDAYS_ABBR[int(day)]) for day in days.split("-"))
    return f"{first if first == last else f'{first}–{last}'} {opens:%H:%M}–{closes:%H:%M}"


def set_hours(contact: Contact, text: str, *, by: Person, now: datetime) -> None:
    """Give the contact these hours; those it had stay recorded. Saves `reachable` on the instance, not the row."""
    wanted = read(text)
    if text == KEEP or text == hours_text(contact.reachable):
        return
    if wanted is None:
        contact.reachable = None
        return
    # Never another's calendar: an administrator may have lent a contact the office's.
    hours, _created = SupportHours.objects.get_or_create(
        slug=f"contact-{contact.pk}",
        defaults={
            "name": contact.person.name,
            "zone": contact.person.zone,
            "country": _country(contact),
        },
    )
    for row in WeeklyOpening.objects.current().filter(hours=hours):
        retire(row, by=by, now=now)
    days, opens, closes = wanted
    first, last = (int(day) for day in days.split("-"))
    for weekday in range(first, last + 1):
        record(WeeklyOpening, by=by, now=now, hours=hours, weekday=weekday, opens=opens, closes=closes)
    contact.reachable = hours


def _country(contact: Contact) -> str:
    """Statutory holidays of the whole country of the customer's support; where in it the contact sits is not known."""
    support = ProjectSupport.objects.current().filter(project__customer=contact.customer_id)
    return support.order_by("pk").values_list("hours__country", flat=True).first() or ""
