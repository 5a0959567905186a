"""On call now."""

from tests.people import World, make_person, make_rota

from .helpers import as_person, queries, text


def test_each_rota_with_both_lines_and_the_next_handover(world: World) -> None:
    shown = text(as_person(world.desk).get("/on-call/"))
    for words in ("Marek Nightly", "Elif Nightly", "+49 69 90009200", "Next handover", "webshop"):
        assert words in shown


def test_nobody_on_duty_is_said(world: World) -> None:
    lonely = make_person("lonely@example.com", "Only One")
    make_rota("lonely", [lonely], [lonely], number="")
    shown = text(as_person(world.desk).get("/on-call/"))
    assert "Only One" in shown
    assert "Nobody is on duty as backup" in shown
    assert "nobody" in shown


def test_queries_do_not_grow_with_rotas(world: World) -> None:
    client = as_person(world.desk)
    client.get("/on-call/")
    few = queries(lambda: client.get("/on-call/"))
    for number in range(10):
        make_rota(f"rota-{number}", [world.oncall], [world.backup])
    client.get("/on-call/")  # what is kept between requests is read anew after a change
    assert queries(lambda: client.get("/on-call/")) == few
