"""The alphabet of a text message, so that one alert costs one segment (3GPP TS 23.038, section 6.2.1).

A single character outside of it turns the whole message into UCS-2, with 70 instead of 160 characters a segment.
"""

import unicodedata

SEGMENT = 160
"""Septets in a message of one segment."""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("^{}\\[~]|€\f")
_ALPHABET = _BASIC | _ESCAPED
_REPLACED = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—−", "-"),
        **dict.fromkeys("“”„«»‟", '"'),
        **dict.fromkeys("‘’‚‛`´", "'"),
        "…": "...",
        "×": "x",
        "•": "*",
        "→": ">",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ı": "i",
        "œ": "oe",
        "Œ": "Oe",
        "\N{NO-BREAK SPACE}": " ",
        "\N{NARROW NO-BREAK SPACE}": " ",
        "\t": " ",
    }
)


def septets(text: str) -> int:
    """The length of `text`, which is within the alphabet, in septets: characters of the extension count twice."""
    return len(text) + sum(character in _ESCAPED for character in text)


def to_gsm7(text: str) -> str:
    """`text` within the alphabet: accents that it lacks are dropped, other strange characters left out."""
    return "".join(_within(character) for character in text.translate(_REPLACED))


def _within(character: str) -> str:
    if character in _ALPHABET:
        return character
    return "".join(part for part in unicodedata.normalize("NFKD", character) if part in _ALPHABET)


def shorten(text: str, limit: int) -> str:
    """`text`, which is within the alphabet, cut to `limit` septets; two dots show that something is missing."""
    if septets(text) <= limit:
        return text
    while text and septets(text) + 2 > limit:
        text = text[:-1]
    return f"{text.rstrip()}.." if text else ""
