"""Finds customers, projects and people by the beginnings of words, and by the beginnings of telephone numbers.

Names are folded before they are compared: without case and accents, and whether somebody writes "ü", "ue" or "u"
makes no difference. The same is done in SQL, by expressions that have an index, and here, for what is searched for.
"""

import re
import unicodedata
from collections.abc import Iterable

import phonenumbers
from django.conf import settings
from django.contrib.postgres.search import SearchQuery, SearchVector, SearchVectorField
from django.db.models import Expression, F, Func, TextField, Value
from django.db.models.functions import Concat, Lower, Replace

WORD = re.compile(r"[^\W_]+")
MOST_WORDS = 4
"""Of a longer search the first words count."""
CONFIGURATION = "simple"

OTHERS = {"ø": "o", "đ": "d", "ħ": "h", "ł": "l", "ı": "i", "ð": "d", "æ": "a", "œ": "o", "ẞ": "ß"}
"""Letters that have no accent to be taken off."""
PAIRS = (("ß", "ss"), ("ae", "a"), ("oe", "o"), ("ue", "u"))
"""Two letters that stand for one, in this order."""


def _plain_letters() -> dict[str, str]:
    """Each accented Latin letter, small and capital, and what is left of it."""
    plain = {chr(code): unicodedata.normalize("NFD", chr(code))[0] for code in range(0xC0, 0x180)}
    plain = {letter: base.lower() for letter, base in plain.items() if base.isascii()}
    return plain | OTHERS | {letter.upper(): base for letter, base in OTHERS.items() if len(letter.upper()) == 1}


PLAIN = _plain_letters()
ACCENTED, BARE = "".join(PLAIN), "".join(PLAIN.values())
BARED = str.maketrans(ACCENTED, BARE)
JOINING = "./\\-_:;,@#=&?+~'\"()[]{}<>|"
"""What joins words counts as a space."""


def fold(text: str) -> str:
    """`text` as it is compared."""
    folded = unicodedata.normalize("NFC", text).translate(BARED).lower()
    for pair, letter in PAIRS:
        folded = folded.replace(pair, letter)
    return folded


def folded(text: Expression | F) -> Expression:
    """The same in SQL; whatever the locale of the database, which may not know the case of accented letters."""
    apart = Func(
        text,
        _text(ACCENTED + JOINING),
        _text(BARE + " " * len(JOINING)),
        function="translate",
        output_field=TextField(),
    )
    expression: Expression = Lower(apart)
    for pair, letter in PAIRS:
        expression = Replace(expression, _text(pair), _text(letter))
    return expression


def _text(value: str) -> Value:
    return Value(value, output_field=TextField())


def words_in(*fields: str) -> SearchVector:
    """What an index holds of the text of `fields`."""
    spaced = [part for field in fields for part in (F(field), _text(" "))]
    return SearchVector(folded(Concat(*spaced, output_field=TextField())), config=CONFIGURATION)


def numbers_in(field: str, *, several: bool = False) -> Func:
    """What an index holds of a field with one telephone number in E.164, or with `several`; of an empty one nothing."""
    template = "array_to_tsvector(array_remove(%s, ''))"
    inner = "(%(expressions)s)::text[]" if several else "ARRAY[%(expressions)s]::text[]"
    return Func(F(field), template=template % inner, output_field=SearchVectorField())


def beginnings(words: Iterable[str]) -> SearchQuery:
    """What finds rows in which a word begins with each of `words`, which are folded; at least one."""
    return _query(" & ".join(f"'{word}':*" for word in words))


def whole(words: Iterable[str]) -> SearchQuery:
    """What finds rows in which each of `words`, which are folded, stands as it is; at least one."""
    return _query(" & ".join(f"'{word}'" for word in words))


def number_query(number: str) -> SearchQuery:
    """What finds numbers that begin with `number`, which is in E.164."""
    return _query(f"'{number}':*")


def _query(terms: str) -> SearchQuery:
    return SearchQuery(terms, search_type="raw", config=CONFIGURATION)


def words_of(text: str) -> list[str]:
    """The words that are searched for, folded."""
    return WORD.findall(fold(text))[:MOST_WORDS]


SHORTEST_NUMBER = 4
"""Fewer digits are no beginning of a number: they would find half of a town."""
DIGITS = re.compile(r"[+(\d][\d\s./()\-\[\]]*", re.ASCII)


def number_of(text: str) -> str:
    """The number, or the beginning of one, in `text` as people write it, in E.164; empty if it is none.

    National or international ("+49 40 …", "0049 40 …", "040/…"): without either it is one of the home region's.
    """
    written = unicodedata.normalize("NFKC", text).strip().removeprefix("tel:")
    if not DIGITS.fullmatch(written) or sum(each.isdigit() for each in written) < SHORTEST_NUMBER:
        return ""
    try:
        parsed = phonenumbers.parse(written, settings.PHONENUMBER_DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        return ""
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def is_whole(number: str) -> bool:
    """Whether somebody could be called back on `number` (E.164). Those reserved for fiction are possible, not valid."""
    return bool(number) and phonenumbers.is_possible_number(phonenumbers.parse(number))
