"""Filters that every page shares."""

import pytest
from django.utils import translation

from portal.templatetags.pages import duration


@pytest.mark.parametrize(
    ("minutes", "english", "german"),
    [
        (None, "", ""),
        (0, "0 minutes", "0 Minuten"),
        (1, "1 minute", "1 Minute"),
        (59, "59 minutes", "59 Minuten"),
        (60, "1 hour", "1 Stunde"),
        (61, "1 hour 1 minute", "1 Stunde 1 Minute"),
        (135, "2 hours 15 minutes", "2 Stunden 15 Minuten"),
        (2880, "48 hours", "48 Stunden"),
    ],
)
def test_minutes_are_said_as_people_say_them(minutes: int | None, english: str, german: str) -> None:
    for language, words in (("en", english), ("de", german)):
        with translation.override(language):
            assert duration(minutes) == words
