"""Finding who calls."""

import pytest
from django.db.models import F

from portal import clock
from portal.models import Contact, Customer, Person
from portal.search import fold, folded, number_of
from routing.calls.finding import find
from tests.people import World, make_person, make_project
from tests.routing.pages.helpers import queries, report


def names(text: str, world: World) -> list[tuple[str, str]]:
    return [(found.kind, found.name) for found in find(text, world.desk)]


def contact(world: World, name: str, email: str, *phones: str, customer: Customer | None = None) -> Contact:
    person = make_person(email, name, staff=False)
    return Contact.objects.create(customer=customer or world.alster, person=person, phones=list(phones))


def test_umlauts_and_case_make_no_difference(world: World) -> None:
    contact(world, "Jörg Müller-Weiß", "jm@alster.example")
    contact(world, "Ute Mueller", "um@alster.example")
    for typed in ("Müller", "mueller", "MULLER", "müll", "Mue", "Mu\u0308ller"):
        assert {name for _kind, name in names(typed, world)} == {"Jörg Müller-Weiß", "Ute Mueller"}, typed


def test_every_word_has_to_begin_something(world: World) -> None:
    contact(world, "Jörg Müller-Weiß", "jm@alster.example")
    for typed in ("weiß", "weiss", "WEISS", "joerg weis", "jorg alster", "alster jö"):
        assert names(typed, world) == [("contact", "Jörg Müller-Weiß")], typed
        assert names(f"{typed} seeburg", world) == []


@pytest.mark.usefixtures("db")
def test_text_is_folded_alike_here_and_in_the_database() -> None:
    texts = ["Müller", "STRASSE", "Łódź", "Søren Ærø", "ÉTÉ", "GROẞ Maß", "Bauer", "aeoeue", "Ōsaka", "Œuvre", "x y"]
    for place, text in enumerate(texts):
        make_person(f"{place}@y.example", text, staff=False)
    plain = Person.objects.annotate(plain=folded(F("name"))).order_by("pk").values_list("plain", flat=True)
    assert list(plain) == [fold(text) for text in texts]


def test_a_caller_is_known_by_the_number(world: World) -> None:
    contact(world, "Birgit Hansen", "bh@alster.example", "+494066969100", "+491711234567")
    contact(world, "Somebody Else", "se@alster.example", "+494066969101")
    for typed in (
        "+49 40 66969100",
        "0049 40 66969-100",
        "040 / 66 96 91 00",
        "(040) 66969100",
        "+494066969100",
        "tel:+49-40-66969100",
        "+49 (0)40 66969100",
    ):
        assert names(typed, world) == [("contact", "Birgit Hansen")], typed


def test_a_number_is_found_while_it_is_typed(world: World) -> None:
    contact(world, "Birgit Hansen", "bh@alster.example", "+494066969100")
    contact(world, "Ole Matthiesen", "om@alster.example", "+494066969101")
    assert {name for _kind, name in names("040 6696", world)} == {"Birgit Hansen", "Ole Matthiesen"}
    assert names("040 66969101", world) == [("contact", "Ole Matthiesen")]


def test_a_published_number_finds_its_owner_and_a_hotline_its_project(world: World) -> None:
    world.alice.direct_line = "+494012345678"
    world.alice.save()
    world.webshop.hotline = "+496990009399"
    world.webshop.save()
    assert names("040 12345678", world) == [("contact", "Alice Alster")]
    assert names("069 90009399", world)[0] == ("project", "webshop")
    assert names("069 90009130", world) == [("colleague", "Jana Manager")]


def test_a_private_number_finds_nobody(world: World) -> None:
    assert names(str(world.oncall.mobile), world) == [("number", "+49 171 3920050")]


def test_a_number_that_nobody_has_can_be_kept(world: World) -> None:
    (found,) = find("030 901820", world.desk)
    assert (found.kind, found.query) == ("number", "number=%2B4930901820")


def test_the_best_comes_first(world: World) -> None:
    make_project(world.office, world.seeburg, "shop-of-web", world.desk_team, world.platform)
    for number, name in enumerate(["Web Anna", "Kai Webshop", "Karl Webshopper"]):
        contact(world, name, f"w{number}@seeburg.example", customer=world.seeburg)
    found = find("webshop", world.desk)
    assert (found[0].kind, found[0].name) == ("project", "webshop")
    people = list(dict.fromkeys(each.name for each in found if each.kind == "contact"))
    assert people == ["Kai Webshop", "Karl Webshopper"]


def test_somebody_with_several_projects_stands_once_for_each(world: World) -> None:
    make_project(world.office, world.alster, "erp", world.desk_team, world.platform)
    pk = world.alice.contacts.get().pk
    assert [found.query for found in find("alice", world.desk)] == [
        f"project=erp&contact={pk}",
        f"project=webshop&contact={pk}",
    ]
    bob = world.bob.contacts.get().pk
    assert [found.query for found in find("bob", world.desk)] == [f"project=webshop&contact={bob}"]


def test_with_many_projects_the_next_step_asks_which(world: World) -> None:
    for number in range(4):
        make_project(world.office, world.alster, f"erp-{number}", world.desk_team, world.platform)
    assert [found.query for found in find("alice", world.desk)] == [f"contact={world.alice.contacts.get().pk}"]
    assert "customer=alster" in [found.query for found in find("alster", world.desk)]


def test_who_left_and_what_is_retired_is_not_found(world: World) -> None:
    now = clock.now()
    world.bob.contacts.update(left_at=now)
    world.charlie.is_active = False
    world.charlie.save()
    world.webshop.retired_at = now
    world.webshop.save()
    for typed in ("bob", "charlie", "webshop", "alice"):
        assert names(typed, world) == []


def test_an_incidents_number_leads_to_it(world: World) -> None:
    incident = report(world.webshop, world.alice)
    (found,) = find(f"#{incident.pk}", world.desk)
    assert (found.kind, found.query) == ("incident", f"project=webshop&incident={incident.pk}")


def test_whatever_is_typed_is_no_error(world: World) -> None:
    for typed in ("", "a", " ", "''", "\x00", "%%", "!&|<->:*", "\\", "+", "0", "💥", "a" * 5000, "1" * 400):
        assert find(typed, world.desk) == [], typed[:9]


def test_queries_do_not_grow_with_what_is_found(world: World) -> None:
    def search() -> None:
        assert find("alster", world.desk)

    few = queries(search)
    for number in range(30):
        contact(world, f"Person {number}", f"p{number}@alster.example", f"+49406696{number:04}")
        make_project(world.office, world.alster, f"alster-{number}", world.desk_team, world.platform)
    assert queries(search) == few <= 10
    assert number_of("040 6696") == "+49406696"
    assert queries(lambda: find("040 6696", world.desk)) <= 10
