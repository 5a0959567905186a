"""The PDF as a customer files it: every name as it is written, nothing over the edge, the same bytes everywhere."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from matrix.services import copy_version, publish
from portal.models import Contact, Customer, Project, Team
from portal.services import supersede
from routing import typesetting
from routing.handbook import pdf
from routing.handbook.blocks import Chains, Facts, Line, Table, Text
from routing.handbook.content import handbook_for
from routing.handbook.pdf import etag_of, filename_of, pdf_of
from routing.typesetting import FONTS, LOOK, NotSet
from tests.people import BEGAN, TUESDAY, World

from .reading import POINTS_PER_MM, information, needs_poppler, said, words
from .test_content import made

MARGIN = 20 * POINTS_PER_MM
WIDTH, HEIGHT = 595.3, 841.9
COMPOUND = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
SIXTY = "Maximiliane-Wilhelmine Freifrau von Hohenlohe-Waldenburg-Schi"
UNBROKEN = "x" * 60
ODD_NAMES = [
    "#set page(fill: red) #panic(1)",
    "$x^2$ *bold* _it_ `raw`",
    "\\ \\n <label> @ref [content] {code}",
    "“double” 'single' \"straight\" // no /* comment */",
    "= Heading - list + 1. ~ -- ...",
    "Zoë Łukasz Đorđe Ğülşen Ωmega Жанна",
    "שלום עולם",
    "مرحبا بالعالم",
    "Rocket 🚀 & Co. 👩‍💻 <b>KG</b>",
]


def rename(world: World, name: str) -> None:
    """Everything that carries a name of somebody's choice."""
    Customer.objects.filter(pk=world.alster.pk).update(name=name)
    Project.objects.filter(pk=world.webshop.pk).update(name=name)
    Team.objects.update(name=name[:120])
    for person in (world.alice, world.sdm, world.manager):
        person.name = name[:120]
        person.save()


@needs_poppler
@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_come_out_as_they_are_written(world: World, tmp_path: Path, name: str) -> None:
    rename(world, name)
    book = made(world.webshop)
    with capture_logs() as logs:
        content = pdf_of(book)
    assert logs == []
    if name.isascii() or name.startswith(("“", "Zo")):
        assert name in said(content, tmp_path)
    else:
        assert len(content) > len(pdf_of(replace(book, project="x", customer="x", sections=())))


@needs_poppler
def test_signs_that_no_font_has_cost_the_claim_of_accessibility_and_not_the_handbook(
    world: World, tmp_path: Path
) -> None:
    rename(world, "東京 Hosting")
    with capture_logs() as logs:
        content = pdf_of(made(world.webshop))
    assert [log["event"] for log in logs] == ["document_not_accessible"]
    assert "Hosting" in said(content, tmp_path)


@needs_poppler
@pytest.mark.parametrize("name", [COMPOUND, SIXTY, UNBROKEN])
@pytest.mark.parametrize("language", ["de", "en"])
def test_nothing_leaves_the_page_or_its_column(world: World, tmp_path: Path, name: str, language: str) -> None:
    rename(world, name)
    Contact.objects.update(company=name)
    world.versions["webshop"].matrix.refresh_from_db()
    draft = copy_version(world.versions["webshop"], matrix=world.versions["webshop"].matrix)
    draft.terms.update(definition_de=name, definition_en=name, examples_de=[name], examples_en=[name])
    publish(draft, by=None, now=TUESDAY, reason="longer")
    content = pdf_of(made(world.webshop, at=TUESDAY + timedelta(minutes=1), language=language))
    placed = words(content, tmp_path)
    assert len(placed) > 500
    for word in placed:
        assert word.left >= MARGIN, word
        assert word.right <= WIDTH - MARGIN, word
        assert 0 < word.top < word.bottom < HEIGHT, word
    rows = sorted(placed, key=lambda word: (word.page, round(word.top), word.left))
    for one, other in pairwise(rows):
        if (one.page, round(one.top)) == (other.page, round(other.top)):
            assert one.right <= other.left + 1, (one, other)


@needs_poppler
def test_a_chain_longer_than_a_page_goes_on_on_the_next(world: World, tmp_path: Path) -> None:
    book = made(world.webshop)
    chains = next(block for each in book.sections for block in each.blocks if isinstance(block, Chains))
    flow = replace(chains.flows[0], links=chains.flows[0].links * 12)
    section = replace(book.sections[0], blocks=(replace(chains, flows=(flow, flow)),))
    placed = words(pdf_of(replace(book, sections=(section,))), tmp_path)
    assert len([word for word in placed if word.text == "Jana"]) >= 24
    assert max(word.bottom for word in placed) < HEIGHT - 10


@needs_poppler
def test_it_says_of_itself_what_it_is(world: World, tmp_path: Path) -> None:
    book = made(world.webshop)
    content = pdf_of(book)
    told = information(content, tmp_path)
    assert told["Title"] == "Operations handbook webshop, version 1"
    assert told["Author"] == "Nordhafen"
    assert told["Tagged"] == "yes"
    assert "A4" in told["Page size"]
    assert re.search(rb"/Lang ?\(en", content)
    assert b"/Outlines" in content
    assert b"pdfuaid" in content
    shown = said(content, tmp_path).replace(" / ", "/")
    pages = int(told["Pages"])
    assert f"2/{pages}" in shown
    assert f"{pages}/{pages}" in shown
    assert f"1/{pages}" not in shown.split("Contents")[0]


@needs_poppler
@pytest.mark.parametrize("language", ["de", "en"])
def test_it_says_whatever_the_page_says(world: World, tmp_path: Path, language: str) -> None:
    """All texts of the content, however they are set."""
    book = made(world.webshop, language=language)

    def letters(text: str) -> str:
        return "".join(letter for letter in text if letter.isalnum())

    shown = letters(said(pdf_of(book), tmp_path))
    for section in book.sections:
        assert letters(section.title) in shown
        for block in section.blocks:
            for text in texts_of(block):
                # Hyphens at the end of a line are told from real ones by no tool: whole words are looked for.
                for word in text.split():
                    assert letters(word) in shown, (section.key, text)


def texts_of(block: Text | Facts | Table | Chains) -> list[str]:
    match block:
        case Text():
            return [block.text]
        case Facts():
            return [text for term, cell in block.rows for text in (term, *lines(cell))]
        case Table():
            return [block.caption, *block.head, *(text for row in block.rows for cell in row for text in lines(cell))]
        case Chains():
            return [text for flow in block.flows for text in (flow.title, flow.words)]


def lines(cell: tuple[Line, ...]) -> list[str]:
    return [line.text for line in cell]


def test_the_same_handbook_is_the_same_file(world: World) -> None:
    book = made(world.webshop)
    assert pdf_of(book) == pdf_of(book)
    assert etag_of(book) == etag_of(made(world.webshop))
    assert etag_of(book).startswith('"v1-')
    assert etag_of(book) != etag_of(replace(book, customer="Another"))
    assert etag_of(book) != etag_of(made(world.webshop, language="de"))


def test_the_file_is_named_for_the_shelf(world: World) -> None:
    assert filename_of(made(world.webshop, language="de")) == "Betriebshandbuch-webshop-v1-2026-11-24.pdf"
    assert filename_of(made(world.webshop)) == "Operations-handbook-webshop-v1-2026-11-24.pdf"


def test_what_cannot_be_set_is_said(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken.typ"
    broken.write_text("#panic(1)")
    monkeypatch.setattr(pdf, "TEMPLATE", broken)
    with pytest.raises(NotSet, match="panicked"):
        pdf_of(made(world.webshop))


def test_a_font_that_is_missing_is_noted(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "look.typ"
    other.write_text(LOOK.read_text().replace("Source Sans 3", "Nowhere Sans"))
    monkeypatch.setattr(typesetting, "LOOK", other)
    with capture_logs() as logs:
        pdf_of(made(world.webshop))
    assert "nowhere sans" in " ".join(log.get("warning", "") for log in logs)


def test_many_readers_at_once_get_their_own(world: World) -> None:
    books = [replace(made(world.webshop), customer=f"Customer {number}") for number in range(4)]
    alone = [pdf_of(book) for book in books]
    with ThreadPoolExecutor(max_workers=4) as readers:
        assert list(readers.map(pdf_of, books)) == alone


def test_fonts_stand_beside_their_licence_and_version() -> None:
    folders = [folder for folder in FONTS.iterdir() if folder.is_dir()]
    assert folders
    for folder in folders:
        assert (folder / "LICENSE").read_text()
        assert "npm" in (folder / "VERSION").read_text()
        assert list(folder.glob("*.ttf"))


def test_a_retired_team_leaves_no_trace(world: World) -> None:
    support = world.webshop.support.get()
    supersede(support, by=None, now=BEGAN + timedelta(days=1), team=None)
    book = handbook_for(Project.objects.select_related("customer").get(pk=world.webshop.pk), at=TUESDAY, language="en")
    assert book is not None
    assert pdf_of(book).startswith(b"%PDF-")
