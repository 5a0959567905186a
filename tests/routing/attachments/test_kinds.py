"""Which files are taken."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from routing.attachments.kinds import LONGEST_NAME, TYPES, extension_of, holds_what_it_says, is_taken, plain_name

from .samples import DOCX, EXE, GIF, HTML, JPEG, MAIL, PDF, PNG, SVG, WEBP, XLSX, archive

HONEST = {
    "a.png": PNG,
    "a.jpg": JPEG,
    "A.JPEG": JPEG,
    "a.gif": GIF,
    "a.webp": WEBP,
    "a.pdf": PDF,
    "a.zip": archive("x.txt"),
    "a.docx": DOCX,
    "a.xlsx": XLSX,
    "a.txt": "Grüße aus Köln".encode(),
    "a.log": b"2026-11-24 10:00 502 Bad Gateway\n" * 1000,
    "a.csv": "Zeit;Wert\n10:00;5\n".encode("utf-16"),
    "a.json": b'{"a": 1}',
    "a.har": b'{"log": {}}',
    "a.eml": MAIL,
    "latin.log": "Störung".encode("latin-1"),
    "bitmap.txt": b"BM is how this text begins",
}


@pytest.mark.parametrize("name", HONEST)
def test_what_is_what_it_says(name: str) -> None:
    assert is_taken(name)
    assert holds_what_it_says(name, HONEST[name])


def test_every_kind_has_an_example() -> None:
    assert {extension_of(name) for name in HONEST} == set(TYPES)


@pytest.mark.parametrize("name", ["a.html", "a.svg", "a.xml", "a.exe", "a.js", "a.docm", "a", ".png", "a.png.html", ""])
def test_what_could_run_is_not_taken(name: str) -> None:
    assert not is_taken(name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", HTML),
        ("a.png", SVG),
        ("a.png", JPEG),
        ("a.jpg", PNG),
        ("a.pdf", HTML),
        ("a.pdf", b"no PDF"),
        ("a.zip", PDF),
        ("a.docx", XLSX),
        ("a.docx", archive("x.txt")),
        ("a.docx", DOCX[:60]),
        ("a.xlsx", PNG),
        ("a.txt", PNG),
        ("a.log", PDF),
        ("a.csv", archive("x.txt")),
        ("a.json", EXE),
        ("a.txt", b"text with a \0"),
        ("a.gif", b""),
    ],
)
def test_what_is_something_else_is_found_out(name: str, content: bytes) -> None:
    assert not holds_what_it_says(name, content)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("C:\\Users\\alice\\Fehler 502.png", "Fehler 502.png"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("a\r\nSet-Cookie: x.png", "aSet-Cookie_ x.png"),
        ("annex\u202egnp.exe.png", "annexgnp.exe.png"),
        ('a"b<c>.pdf', "a_b_c_.pdf"),
        ("Größe der Datei.pdf", "Größe der Datei.pdf"),
        ("", "file"),
        ("...", "file"),
        (" .png", "file.png"),
        ("..PNG", "file.png"),
        ("\u200b.csv", "file.csv"),
    ],
)
def test_names_are_made_harmless(sent: str, kept: str) -> None:
    assert plain_name(sent) == kept


@given(st.text(max_size=400))
@example("x" * 300 + ".png")
@example("a." + "x" * 300)
def test_any_name_becomes_one_that_is_short_and_plain(name: str) -> None:
    kept = plain_name(name)
    assert 0 < len(kept) <= LONGEST_NAME
    assert kept.isprintable()
    assert not set(kept) & set('/\\<>:"|?*')
    assert plain_name(kept) == kept


@given(st.text(alphabet=st.sampled_from(". _\u200b\u202e\t/\\<a"), max_size=8), st.sampled_from([*TYPES, "PNG"]))
@example("." * 130, "png")
@example(" " * 130 + "a", "png")
def test_what_is_taken_keeps_how_it_is_served(name: str, extension: str) -> None:
    if is_taken(sent := f"{name}.{extension}"):
        assert extension_of(plain_name(sent)) == extension.lower()


def test_a_long_name_keeps_its_extension() -> None:
    assert plain_name("x" * 300 + ".png").endswith("x.png")
