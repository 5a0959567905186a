"""The handbook's page and its download."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from matrix.models import Topic
from portal.models import Person
from routing.handbook import pdf
from tests.people import PRIVATE, World, make_project
from tests.routing.handbook.reading import needs_poppler, said

from .helpers import as_person, queries, text

PAGE = "/projects/webshop/handbook/"
PDF = "/projects/webshop/handbook.pdf"


def test_the_page_is_in_the_reader_s_language(world: World) -> None:
    shown = text(as_person(world.alice).get(PAGE))
    assert "<h1>Operations handbook</h1>" in shown
    assert 'href="/projects/webshop/handbook.pdf?lang=de"' in shown
    assert "At once Jana Manager (SDM)" in shown
    world.alice.language = "de"
    world.alice.save()
    shown = text(as_person(world.alice).get(PAGE))
    assert "<h1>Betriebshandbuch</h1>" in shown
    assert "Sofort Jana Manager (SDM)" in shown


@pytest.mark.parametrize("name", ["alice", "desk", "oncall", "admin"])
def test_staff_print_what_the_customer_reads(world: World, name: str) -> None:
    person: Person = getattr(world, name)
    shown = text(as_person(person).get(PAGE)).replace(person.name, "")
    assert "On-call engineer, platform" in shown
    for hidden in ("Nightly", PRIVATE, "Seeburg", "Last resort"):
        assert hidden not in shown


@needs_poppler
def test_the_pdf_is_a_file_to_keep(world: World, tmp_path: Path) -> None:
    response = as_person(world.alice).get(PDF)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith('attachment; filename="Operations-handbook-webshop-v1-')
    assert "private" in response["Cache-Control"]
    shown = said(response.content, tmp_path)
    assert "Operations handbook" in shown
    assert "Nightly" not in shown
    assert PRIVATE[3:] not in shown.replace(" ", "")


@needs_poppler
@pytest.mark.parametrize(("asked", "title"), [("de", "Betriebshandbuch"), ("en", "Operations handbook"), ("xx", "")])
def test_the_language_may_be_asked_for(world: World, tmp_path: Path, asked: str, title: str) -> None:
    response = as_person(world.alice).get(PDF, {"lang": asked})
    assert (title or "Operations handbook") in said(response.content, tmp_path)


def test_an_unchanged_handbook_is_not_set_again(world: World) -> None:
    client = as_person(world.alice)
    first = client.get(PDF)
    again = client.get(PDF, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Topic.objects.create(key="offer", name_de="Angebot", name_en="Offer", roles=["brm"])
    assert client.get(PDF, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_another_customer_finds_neither(world: World) -> None:
    for address in (PAGE, PDF):
        assert as_person(world.charlie).get(address).status_code == 404


def test_without_a_matrix_the_page_says_so_and_there_is_no_pdf(world: World) -> None:
    make_project(world.office, world.alster, "bare", world.desk_team, world.platform)
    client = as_person(world.alice)
    shown = text(client.get("/projects/bare/handbook/"))
    assert "there is no handbook yet" in shown
    assert "tel:+496990009301" in shown
    assert client.get("/projects/bare/handbook.pdf").status_code == 404


def test_a_pdf_that_cannot_be_set_leaves_the_page(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.typ"
    broken.write_text("#panic(1)")
    monkeypatch.setattr(pdf, "TEMPLATE", broken)
    client = as_person(world.alice)
    with capture_logs() as logs:
        response = client.get(PDF)
    assert response.status_code == 503
    assert "The PDF could not be made" in text(response)
    assert "At once Jana Manager (SDM)" in text(response)
    assert "handbook_not_set" in [log["event"] for log in logs]
    assert client.get(PAGE).status_code == 200


def test_names_are_escaped(world: World) -> None:
    world.alice.name = "<script>alert(1)</script>"
    world.alice.save()
    shown = text(as_person(world.bob).get(PAGE))
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert" in shown


def test_few_queries_and_little_html(world: World) -> None:
    client = as_person(world.alice)
    assert len(client.get(PAGE).content) < 50_000
    assert queries(lambda: client.get(PAGE)) < 15
    assert queries(lambda: client.get(PDF)) < 15
