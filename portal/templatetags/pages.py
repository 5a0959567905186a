"""What the templates of every page share: names, numbers, instants and texts in the reader's language."""

from datetime import datetime, time, timedelta
from typing import Any

import phonenumbers
from django import template
from django.forms import BoundField
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext

register = template.Library()


@register.filter
def initials(name: str) -> str:
    """At most two letters: of the first and the last word ("Jana Petersen" → "JP")."""
    words = [word for word in name.split() if word[0].isalnum()]
    ends = words[:1] + words[1:][-1:]
    return "".join(word[0] for word in ends).upper()


@register.filter
def phone(number: object) -> str:
    """A number as people read it out: E.164 `+496990009000` becomes `+49 69 90009000`; other text stays."""
    text = str(number or "")
    try:
        parsed = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return text
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@register.filter
def instant(text: str | None) -> datetime | None:
    """An ISO 8601 instant with offset as a datetime, for the `date` filter."""
    return datetime.fromisoformat(text) if text else None


@register.filter
def moment(at: datetime | None, reference: datetime) -> str:
    """The clock time alone on the reader's day of `reference` ("03:30"), else with the day ("Mon 30 Nov, 12:00")."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    same_day = local.date() == timezone.localtime(reference).date()
    return date_format(local, "TIME_FORMAT" if same_day else "SHORT_DATETIME_FORMAT")


@register.filter
def ends(at: datetime | None, reference: datetime) -> str:
    """The end of a period as people say it: at midnight by its last day ("Thu 26 Nov"), else as `moment`."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    if local.time() != time():
        return moment(at, reference)
    return date_format(local - timedelta(days=1), "SHORT_DATE_FORMAT")


@register.filter
def duration(minutes: int | None) -> str:
    """Minutes as people say them: hours and the minutes that are left over (135 → "2 hours 15 minutes")."""
    if minutes is None:
        return ""
    hours, rest = divmod(minutes, 60)
    parts = []
    if hours:
        parts.append(ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours})
    if rest or not hours:
        parts.append(ngettext("%(count)d minute", "%(count)d minutes", rest) % {"count": rest})
    return " ".join(parts)


@register.filter
def in_language(row: object, field: str) -> Any:
    """The row's `field_de` or `field_en`, whichever the reader reads; English for any other language."""
    language = "de" if (get_language() or "").startswith("de") else "en"
    return getattr(row, f"{field}_{language}")


BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux")


@register.filter
def browser(user_agent: str) -> str:
    """What a browser says of itself, for people ("Firefox, Windows"); what is not understood is cut short."""
    name = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((system for system in SYSTEMS if system in user_agent), "")
    return ", ".join(filter(None, (name, system))) or user_agent[:40] or "?"


@register.filter
def with_class(field: BoundField, css: str) -> SafeString:
    """The form field's widget with a class, and marked for assistive technology when it has an error.

    Django links help texts and errors by `aria-describedby` itself.
    """
    return field.as_widget(attrs={**field.field.widget.attrs, "class": f"{css} is-invalid" if field.errors else css})
