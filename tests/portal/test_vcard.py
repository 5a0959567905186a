"""Business cards as phones read them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.vcard import BusinessCard, vcard

# What a card may hold: anything but what text in general may not (a lone surrogate is no character).
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"), min_size=1, max_size=200)


def unfolded(text: str) -> list[str]:
    return re.sub("\r\n ", "", text).split("\r\n")


def value(text: str, name: str) -> str:
    return next(line.partition(":")[2] for line in unfolded(text) if line.partition(":")[0] == name)


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text)


def test_a_card_in_full() -> None:
    card = BusinessCard(
        name="Miriam Yıldız",
        organisation="Nordhafen Hosting GmbH",
        role="Service Delivery Manager",
        phone="+496990009132",
        email="support@nordhafen.example",
        note="webshop",
        url="https://portal.example/projects/webshop/contacts/",
        uid="webshop-sdm-1",
    )
    assert vcard(card) == (
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Miriam Yıldız\r\nN:Yıldız;Miriam;;;\r\nORG:Nordhafen Hosting GmbH\r\n"
        "TITLE:Service Delivery Manager\r\nTEL;TYPE=WORK,VOICE,PREF:+496990009132\r\n"
        "EMAIL;TYPE=INTERNET,WORK:support@nordhafen.example\r\nNOTE:webshop\r\nUID:webshop-sdm-1\r\n"
        "URL:https://portal.example/projects/webshop/contacts/\r\nEND:VCARD\r\n"
    )


def test_what_nobody_gave_is_left_out() -> None:
    text = vcard(BusinessCard(name="Hotline", organisation="Nordhafen", person=False))
    for name in ("TEL", "EMAIL", "NOTE", "URL", "UID", "TITLE"):
        assert f"\r\n{name}" not in text


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Jana Petersen", "Petersen;Jana;;;"),
        ("Dr. Uwe Carstens", "Carstens;Uwe;;Dr.;"),
        ("Prof. Dr. Anna Maria von der Heide", "von der Heide;Anna Maria;;Prof. Dr.;"),
        ("Plato", "Plato;;;;"),
        ("Anna Müller, Söhne; Kontor", "Kontor;Anna Müller\\, Söhne\\;;;;"),
    ],
)
def test_a_person_s_name_is_taken_apart(name: str, parts: str) -> None:
    assert value(vcard(BusinessCard(name=name, organisation="x")), "N") == parts


def test_a_team_s_name_stays_whole_and_is_shown_as_a_company() -> None:
    text = vcard(BusinessCard(name="Team Platform", organisation="Nordhafen", person=False))
    assert value(text, "N") == "Team Platform;;;;"
    assert "X-ABSHOWAS:COMPANY" in text


def test_what_would_split_a_value_is_escaped() -> None:
    text = vcard(BusinessCard(name="a\\b, c; d", organisation="x", note="one\r\ntwo\nthree", person=False))
    assert value(text, "FN") == "a\\\\b\\, c\\; d"
    assert value(text, "NOTE") == "one\\ntwo\\nthree"


def test_a_long_name_is_folded_between_characters() -> None:
    name = "Überlänge" * 40
    text = vcard(BusinessCard(name=name, organisation="x", person=False))
    rows = text.encode().split(b"\r\n")
    assert max(map(len, rows)) == 75
    for row in rows:
        row.decode()  # no character was split
    assert value(text, "FN") == name


@given(name=TEXT, note=TEXT)
def test_anything_can_be_read_back(name: str, note: str) -> None:
    text = vcard(BusinessCard(name=name, organisation="x", note=note, person=False))
    assert all(len(row) <= 75 for row in text.encode().split(b"\r\n"))
    assert unescaped(value(text, "FN")) == name
    assert unescaped(value(text, "NOTE")) == note
