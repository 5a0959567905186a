"""What a cell may hold, and what is made of it."""

import re
from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import validate_email, validate_slug
from django.utils.translation import gettext as _

from portal.numbers import InvalidNumber, e164

from .plan import BadCell

YES = {"yes", "ja", "y", "j", "x", "1", "true", "wahr"}
NO = {"no", "nein", "n", "0", "false", "falsch", "-"}
LANGUAGES = {"de": "de", "en": "en", "deutsch": "de", "german": "de", "english": "en", "englisch": "en"}


def text(longest: int) -> Callable[[str], str]:
    def parse(written: str) -> str:
        value = " ".join(written.split())
        if len(value) > longest:
            raise BadCell(_("At most %(count)d characters.") % {"count": longest})
        return value

    return parse


def key(written: str) -> str:
    """A short name as it stands in addresses."""
    value = written.lower()
    try:
        validate_slug(value)
    except ValidationError:
        raise BadCell(_("Letters, digits and hyphens only, such as webshop-2.")) from None
    if len(value) > 50:
        raise BadCell(_("At most %(count)d characters.") % {"count": 50})
    return value


def email(written: str) -> str:
    value = written.lower()
    try:
        validate_email(value)
    except ValidationError:
        raise BadCell(_("“%(text)s” is no e-mail address.") % {"text": written[:80]}) from None
    return value


def number(written: str) -> str:
    try:
        return e164(written)
    except InvalidNumber:
        raise BadCell(
            _("“%(number)s” is no phone number. Write it with the area code, such as +49 40 123456.")
            % {"number": written[:40]}
        ) from None


def language(written: str) -> str:
    if written.lower() not in LANGUAGES:
        raise BadCell(_("“de” or “en”."))
    return LANGUAGES[written.lower()]


def zone(written: str) -> str:
    if written not in available_timezones():
        raise BadCell(_("“%(zone)s” is not an IANA time zone name.") % {"zone": written[:60]})
    return written


def yes_or_no(written: str) -> bool:
    if written.lower() in YES | NO:
        return written.lower() in YES
    raise BadCell(_("“yes” or “no”."))


def place(written: str) -> int:
    """A place in an order, from 1."""
    if not re.fullmatch(r"[1-9]\d?", written):
        raise BadCell(_("A number from 1 to 99."))
    return int(written)


def each(parse: Callable[[str], Any], most: int) -> Callable[[str], tuple[Any, ...]]:
    """Several in one cell, separated by a comma or a stroke."""

    def parse_all(written: str) -> tuple[Any, ...]:
        parts = [part.strip() for part in re.split(r"[,|\n]", written)]
        values = tuple(dict.fromkeys(parse(part) for part in parts if part))
        if len(values) > most:
            raise BadCell(_("At most %(count)d.") % {"count": most})
        return values

    return parse_all


def one_of(words: dict[str, str]) -> Callable[[str], str]:
    """One of `words`, in either case; becomes its value."""

    def parse(written: str) -> str:
        if written.casefold() not in words:
            raise BadCell(_("One of: %(words)s.") % {"words": listed(words.values())})
        return words[written.casefold()]

    return parse


def listed(words: Collection[str]) -> str:
    return ", ".join(dict.fromkeys(words))


def day(written: str) -> date:
    """2026-12-01 or 01.12.2026."""
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            found = datetime.strptime(written, form).date()  # noqa: DTZ007 -- a day has no zone
        except ValueError:
            continue
        if 2000 <= found.year <= 2100:
            return found
    raise BadCell(_("A day such as 2026-12-01 or 01.12.2026."))
