"""The alphabet of text messages; the simulated network counts for itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.phones.callbacks import GSM_7, GSM_7_ESCAPED, segments
from routing.telephony.gsm7 import septets, shorten, to_gsm7


@pytest.mark.parametrize(
    ("text", "within"),
    [
        ("Störung: größer", "Störung: größer"),
        ("„Zitat“ – a’b…", '"Zitat" - a\'b...'),
        ("Łódź ça ê", "Lódz ca e".replace("ó", "o")),
        ("€ [x]", "€ [x]"),
        ("🔥 brennt", " brennt"),
        ("Ⅳ №", "IV No"),
        ("Aydın Yıldız", "Aydin Yildiz"),
    ],
)
def test_replacements(text: str, within: str) -> None:
    assert to_gsm7(text) == within


@given(st.text())
def test_the_result_is_within_the_alphabet(text: str) -> None:
    assert set(to_gsm7(text)) <= GSM_7 | GSM_7_ESCAPED
    assert to_gsm7(to_gsm7(text)) == to_gsm7(text)


@given(st.text(), st.integers(min_value=0, max_value=200))
def test_shortened_texts_fit(text: str, limit: int) -> None:
    within = to_gsm7(text)
    short = shorten(within, limit)
    assert septets(short) <= limit
    assert short == within or within.startswith(short.removesuffix(".."))
    assert septets(short) > 160 or segments(short) <= 1


def test_brackets_count_twice() -> None:
    assert septets("[a]") == 5
    assert shorten("[[[[", 6) == "[[.."
