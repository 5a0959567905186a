"""The log as CSV (RFC 4180), page by page, so that any length of it can be sent."""

import csv
from collections.abc import Iterator
from io import StringIO

from django.utils import timezone
from django.utils.translation import gettext as _

from portal.spreadsheets import harmless

from .queries import Key, Question, acts
from .wording import lines, words_of

MEDIA_TYPE = "text/csv; charset=utf-8; header=present"
BOM = "\ufeff"
"""Spreadsheet programs take a file without it for one in an old code page."""
AT_ONCE = 1000


def table(question: Question) -> Iterator[str]:
    """In the reader's language and zone, each instant with its offset."""
    heading = (_("At"), _("By"), _("Kind"), _("What"), _("Action"), _("Object"), _("Before"), _("After"), _("Why"))
    yield BOM + _rows([heading])
    key: Key | None = None
    while True:
        found, key = acts(question, after=key, most=AT_ONCE)
        yield _rows(
            (timezone.localtime(line.at).isoformat(timespec="seconds"), *map(harmless, words_of(line)))
            for line in lines(found)
        )
        if key is None:
            return


def _rows(rows: object) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)  # type: ignore[arg-type]  # rows of texts
    return text.getvalue()
