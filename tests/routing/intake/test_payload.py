"""Bodies are read into JSON that PostgreSQL can hold, or refused."""

import json

import pytest

from routing.intake import payload
from routing.intake.formats import PayloadError


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"alerts=1", b"\xff\xfe\xfd", b'{"a": 1}x', b"[" * 100_000, b"9" * 5_000],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(PayloadError):
        payload.read(body)


def test_deep_nesting_is_refused_long_before_it_breaks_anything() -> None:
    assert payload.read(b"[" * 50 + b"]" * 50)
    with pytest.raises(PayloadError):
        payload.read(b"[" * 52 + b"]" * 52)


def test_characters_that_postgresql_cannot_hold_are_replaced() -> None:
    read = payload.read(rb'{"a\u0000b": ["\ud800", "x\u0000", "\ud83d\ude00"]}')
    assert read == {"a\ufffdb": ["\ufffd", "x\ufffd", "\U0001f600"]}


def test_numbers_that_are_no_json_become_text() -> None:
    assert payload.read(b"[NaN, 1e999, -Infinity, 1.5]") == ["nan", "inf", "-inf", 1.5]


def test_other_encodings_of_unicode_are_read() -> None:
    assert payload.read(json.dumps({"title": "Störung"}, ensure_ascii=False).encode("utf-16")) == {"title": "Störung"}
    assert payload.read(b"\xef\xbb\xbf{}") == {}
