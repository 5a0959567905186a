"""Full-text search of incidents: number, title, description and what is public of their notes.

Texts are German or English, so each is indexed in both configurations and searched in both: a word is found by its
stem, or by the letters it begins with. Characters that join words (in host names, paths, addresses) count as spaces.
"""

import re

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Expression, F, Func, Q, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Concat

CONFIGURATIONS = ("german", "english")
JOINING = "./\\-_:;,@#=&?+~'\"()[]{}<>|"
WORD = re.compile(r"[^\W_]+")
MOST_WORDS = 8
"""Of a longer search the first words count."""
LARGEST_NUMBER = 2**63 - 1


def _vector(text: Expression) -> Expression:
    """`text` in both configurations; an index is used where this is asked for with the same text."""
    apart = Func(text, Value(JOINING), Value(" " * len(JOINING)), function="translate", output_field=TextField())
    german, english = (SearchVector(apart, config=configuration) for configuration in CONFIGURATIONS)
    return german + english


INCIDENT_WORDS = _vector(Concat(F("title"), Value(" "), F("description"), output_field=TextField()))
"""What an incident says itself."""
NOTE_WORDS = _vector(KeyTextTransform("text", "data"))
"""What a timeline entry says that is a note."""
PUBLIC_NOTES = Q(kind="note", public=True)


def query_of(words: str) -> SearchQuery | None:
    """What finds all of `words`, read as German or as English; None where there are none.

    Read as one language, words that say nothing in it ("the", "der") need not be in the text.
    """
    found = WORD.findall(words)[:MOST_WORDS]
    if not found:
        return None
    beginnings = " & ".join(f"'{word}':*" for word in found)
    german, english = (
        SearchQuery(beginnings, search_type="raw", config=configuration) for configuration in CONFIGURATIONS
    )
    return german | english


def number_of(words: str) -> int | None:
    """The number that is asked for, as people write it (`17`, `#17`); None if it is none."""
    number = words.strip().removeprefix("#")
    return int(number) if number.isascii() and number.isdigit() and int(number) <= LARGEST_NUMBER else None
