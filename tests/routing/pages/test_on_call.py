"""On call now."""

from portal.models import AuditEntry
from tests.people import PRIVATE, World, make_person, make_rota

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


def test_a_private_number_is_shown_to_who_works_and_that_is_logged(world: World) -> None:
    assert PRIVATE not in text(as_person(world.desk).get("/on-call/"))
    path = f"/on-call/{world.oncall.pk}/reveal/"
    for reader in (world.alice, world.brm):  # of a customer; of the provider, but none who works incidents
        assert as_person(reader).post(path).status_code == 404
        assert "reveal" not in text(as_person(reader).get("/on-call/"))
    client = as_person(world.desk)
    assert client.get(path).status_code == 405
    assert client.post(f"/on-call/{world.sdm.pk}/reveal/").status_code == 404  # not on duty
    assert client.post("/on-call/0/reveal/").status_code == 404
    assert not AuditEntry.objects.filter(kind="numbers").exists()

    response = client.post(path)
    assert str(world.oncall.mobile) in text(response)
    assert str(world.backup.mobile) not in text(response)
    assert "no-store" in response["Cache-Control"]
    entry = AuditEntry.objects.get(kind="numbers")
    assert (entry.by, entry.object_id, entry.action, entry.changes) == (world.desk, world.oncall.pk, "revealed", {})
    assert PRIVATE not in text(client.get("/on-call/"))
