"""Business cards as vCard 3.0 (RFC 2426), the version that every phone and mail program reads.

Version 4.0 (RFC 6350) would say "group" for a team; but Outlook and older phones refuse it, and whoever needs this
card has no time to find out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

MEDIA_TYPE = "text/vcard"
LINE_OCTETS = 75


@dataclass(frozen=True, slots=True)
class BusinessCard:
    """`phone` is E.164. A person's name is taken apart for sorting; a team's or a line's is its whole name."""

    name: str
    organisation: str
    role: str = ""
    phone: str = ""
    email: str = ""
    note: str = ""
    url: str = ""
    uid: str = ""
    person: bool = True


def vcard(card: BusinessCard) -> str:
    """The card as text with CRLF, each line folded at 75 octets of UTF-8."""
    return "".join(f"{_folded(line)}\r\n" for line in _lines(card))


def _lines(card: BusinessCard) -> Iterator[str]:
    yield "BEGIN:VCARD"
    yield "VERSION:3.0"
    yield f"FN:{_escaped(card.name)}"
    yield f"N:{';'.join(_escaped(part) for part in _parts(card))}"
    yield f"ORG:{_escaped(card.organisation)}"
    for name, value in (
        ("TITLE", card.role),
        ("TEL;TYPE=WORK,VOICE,PREF", card.phone),
        ("EMAIL;TYPE=INTERNET,WORK", card.email),
        ("NOTE", card.note),
        ("UID", card.uid),
    ):
        if value:
            yield f"{name}:{_escaped(value)}"
    if card.url:
        yield f"URL:{card.url}"  # a URI is written as it is
    if not card.person:
        yield "X-ABSHOWAS:COMPANY"
    yield "END:VCARD"


def _parts(card: BusinessCard) -> tuple[str, ...]:
    """Family name, given names, additional, prefixes, suffixes."""
    if not card.person:
        return (card.name, "", "", "", "")
    words = card.name.split()
    prefixes = []
    while len(words) > 1 and words[0].endswith("."):
        prefixes.append(words.pop(0))
    family = len(words) - 1
    while family > 1 and words[family - 1].islower():  # von, van der, de
        family -= 1
    return (" ".join(words[family:]), " ".join(words[:family]), "", " ".join(prefixes), "")


def _escaped(text: str) -> str:
    """A text value: what would end it, or split it, is escaped."""
    for character in ("\\", ",", ";"):
        text = text.replace(character, f"\\{character}")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


def _folded(line: str) -> str:
    """No line is longer than 75 octets without its end; a character is never split."""
    rows, row, octets = [], "", 0
    for character in line:
        size = len(character.encode(errors="replace"))
        if octets + size > LINE_OCTETS:
            rows.append(row)
            row, octets = " ", 1
        row += character
        octets += size
    return "\r\n".join([*rows, row])
