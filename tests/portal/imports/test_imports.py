"""An import: tried dry, confirmed as it was shown, all or nothing, and done twice it does nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from portal import clock
from portal.imports.kinds import KINDS, Kind
from portal.imports.plan import Outcome
from portal.imports.services import carry_out, plan
from portal.imports.table import read
from portal.models import (
    Assignment,
    AuditEntry,
    Contact,
    ContactChange,
    Customer,
    Membership,
    Person,
    Project,
    ProjectSupport,
)
from portal.services import ChangedMeanwhile
from tests.people import PRIVATE, World
from tests.routing.pages.helpers import as_person, queries, text

BASE = "/administration/imports/"


def do(client: Client, kind: str, table: str) -> None:
    """Try it dry, then confirm what was shown; afterwards the same again changes nothing."""
    shown = client.post(f"{BASE}{kind}/", {"text": table})
    assert shown.status_code == 200
    assert shown.context["plan"].can_go_ahead, text(shown)
    given = {"text": table, "stamp": shown.context["plan"].stamp, "why": "taken over from the old list"}
    assert client.post(f"{BASE}{kind}/", given | {"why": ""}).status_code == 400
    assert client.post(f"{BASE}{kind}/", given).status_code == 302
    again = client.post(f"{BASE}{kind}/", {"text": table})
    assert set(again.context["plan"].counts.items()) >= {("create", 0), ("change", 0), ("refused", 0)}
    assert client.post(f"{BASE}{kind}/", given).status_code == 409


def refusals(client: Client, kind: str, table: str) -> list[str]:
    before = counts()
    shown = client.post(f"{BASE}{kind}/", {"text": table})
    assert shown.status_code == 200
    assert counts() == before
    found: list[str] = [" ".join(fate.reasons) for fate in shown.context["plan"].of(Outcome.REFUSED)]
    stamp = shown.context["plan"].stamp
    if found:  # all or nothing, whatever is sent
        assert client.post(f"{BASE}{kind}/", {"text": table, "stamp": stamp, "why": "x"}).status_code == 409
        assert counts() == before
    return found


def counts() -> list[int]:
    models = (Customer, Project, Person, Contact, Assignment, Membership, ProjectSupport, ContactChange)
    return [model._default_manager.count() for model in models]


def test_a_customer_is_taken_over_from_nothing(world: World) -> None:
    admin = as_person(world.admin)
    do(
        admin,
        "people",
        "E-Mail;Name;Gruppen;Mobil;Durchwahl\nNEU@Example.com;Nina Neu;Service Desk|Rufbereitschaft;"
        "0171 3920077;069 90009177\nsdm@example.com;Jana Manager-Neu;;;",
    )
    nina = Person.objects.get(email="neu@example.com")
    assert (nina.is_staff, nina.has_usable_password(), str(nina.mobile)) == (True, False, "+491713920077")
    assert nina.holds("Service Desk")
    assert nina.holds("On-call")
    assert not nina.holds("Administrators")
    joined = AuditEntry.objects.get(object_type="person", object_id=nina.pk, changes__has_key="groups")
    assert joined.changes["groups"] == [[], ["On-call", "Service Desk"]]
    assert (joined.by, joined.why) == (world.admin, "taken over from the old list")
    assert Person.objects.get(pk=world.sdm.pk).name == "Jana Manager-Neu"
    do(admin, "customers", "key,name,city\nnord,Nord AG,Kiel\nalster,,Hamburg\n")
    assert Customer.objects.get(key="alster").name == "Alster GmbH"
    assert Customer.objects.get(key="alster").city == "Hamburg"
    do(
        admin,
        "projects",
        "key;customer;name;hotline;languages;support hours;service desk;team\n"
        "shop2;nord;Shop;+49 69 90009377;de, en;office;service-desk;platform\nwebshop;alster;Webshop neu;;;;;",
    )
    shop = Project.objects.get(key="shop2")
    assert (str(shop.hotline), shop.languages) == ("+496990009377", ["de", "en"])
    assert shop.support.get().recorded_why == "taken over from the old list"
    do(admin, "projects", "key;customer;name\nshop2;nord;Der Shop\n")
    assert shop.support.count() == 1
    do(
        admin,
        "contacts",
        "Kunde;E-Mail;Name;Projekte;darf beauftragen;Rückrufnummern\n"
        "nord;olga@nord.example;Olga Nord;shop2;ja;040 123456\nalster;bob@alster.example;;webshop;ja;\n"
        "nord;alice@alster.example;;;;",
    )
    olga = Contact.objects.get(person__email="olga@nord.example")
    assert (olga.can_order, olga.phones, [p.key for p in olga.limited_to.all()]) == (True, ["+4940123456"], ["shop2"])
    assert not olga.person.is_staff
    assert not olga.person.has_usable_password()
    assert ContactChange.objects.filter(kind="imported").count() == 2
    assert ContactChange.objects.get(kind="changed").details == {"can_order": [False, True]}
    assert Contact.objects.filter(person=world.alice).count() == 2
    do(
        admin,
        "members",
        "team,email,speciality\nplatform,neu@example.com,PostgreSQL\nplatform,oncall@example.com,BSD\n",
    )
    assert Membership.objects.current().get(person=world.oncall).speciality == "BSD"
    assert Membership.objects.filter(person=world.oncall).count() == 2
    soon = clock.now() + timedelta(days=10)
    do(
        admin,
        "assignments",
        "project;role;email;place;from;until\nshop2;SDM;neu@example.com;1;;\n"
        f"webshop;sdm;neu@example.com;;{soon:%d.%m.%Y};\nshop2;brm;brm@example.com;;{soon:%Y-%m-%d};{soon:%Y-%m-%d}\n",
    )
    rows = Assignment.objects.current().filter(project=world.webshop, role="sdm", order=1).order_by("valid")
    assert [row.person.email for row in rows] == ["sdm@example.com", "neu@example.com"]
    assert rows[0].valid.upper == rows[1].valid.lower


def test_every_row_that_cannot_be_is_refused_with_its_reason(world: World) -> None:
    admin = as_person(world.admin)
    project = Project.objects.create(customer=world.alster, key="old", name="Old", retired_at=clock.now())
    Person.objects.filter(pk=world.backup.pk).update(is_active=False)
    Contact.objects.filter(person=world.bob).update(left_at=clock.now())
    cases = {
        "customers": ("key,name\n,Nobody\nnew one,Name\nfresh,\nalster,A\nalster,B\nx,y,z\n", 5),
        "people": (("email,name,language,zone,direct line,groups\nnobody,N,,,,\na@b.example,,,,,\n"
                   "alice@alster.example,A,,,,\nbackup@example.com,B,,,,\nc@b.example,C,fr,,,\nd@b.example,D,,Moon/Base,,\n"
                   "e@b.example,E,,,12,\nf@b.example,F,,,,Administrators\n"), 8),
        "projects": (("key,customer,name,hotline,support hours,service desk,team\na,nobody,A,,,,\nb,alster,,,,,\n"
                     "webshop,seeburg,A,,,,\nold,alster,A,,,,\nc,alster,C,112,,,\nd,alster,D,,nohours,,\n"
                     "e,alster,E,,office,platform,\nf,alster,F,,,service-desk,\n"), 8),
        "contacts": (("customer,email,name,projects,phones\nnobody,a@b.example,A,,\nalster,b@b.example,,,\n"
                     "alster,desk@example.com,,,\nalster,bob@alster.example,,,\nalster,c@b.example,C,kundenportal,\n"
                     'alster,d@b.example,D,,"1|2"\n'), 6),
        "members": ("team,email\nnobody,desk@example.com\nplatform,alice@alster.example\nplatform,no@example.com\n", 3),
        "assignments": (("project,role,email,from,until\nold,sdm,desk@example.com,,\nwebshop,boss,desk@example.com,,\n"
                        "webshop,sdm,alice@alster.example,,\nwebshop,sdm,desk@example.com,tomorrow,\n"
                        "webshop,sdm,desk@example.com,2030-01-02,2030-01-01\n"
                        "kundenportal,sdm,desk@example.com,2030-01-01,2030-02-01\n"), 6),
    }  # fmt: skip
    assert set(cases) == set(KINDS)
    for kind, (table, expected) in cases.items():
        found = refusals(admin, kind, table)
        assert len(found) == expected, (kind, found)
        assert all(found), (kind, found)
        file = admin.post(f"{BASE}{kind}/refused.csv", {"text": table})
        assert file["Content-Type"].startswith("text/csv")
        assert len(read(text(file)).lines) == expected
    assert project.key == "old"
    evil = "key,name\n=cmd|' /C calc'!A0,@SUM(1)\n"
    file = text(admin.post(f"{BASE}customers/refused.csv", {"text": evil}))
    assert "'=cmd" in file
    assert "'@SUM" in file
    for bad in ("", "name\n", "key,key,name\na,b,c\n", "city\nKiel\n", "key,name\n\x00,b\n", 'key,name\n"a,b\n'):
        assert admin.post(f"{BASE}customers/", {"text": bad}).status_code == 400, bad
        assert admin.post(f"{BASE}customers/refused.csv", {"text": bad}).status_code == 400, bad
    file = SimpleUploadedFile("x.csv", "Schlüssel;Name\nköln;Köln\nkoeln;Köln GmbH".encode("cp1252"))
    shown = admin.post(f"{BASE}customers/", {"file": file})
    assert [fate.outcome.value for fate in shown.context["plan"].fates] == ["refused", "create"]
    assert "Typo" in text(admin.post(f"{BASE}customers/", {"text": "key,Typo\nalster,x\n"}))
    shown = text(admin.post(f"{BASE}people/", {"text": "email,mobile\nsdm@example.com,0171 3920088\n"}))
    assert "another (private)" in shown
    assert PRIVATE not in shown
    for kind in KINDS:
        template = text(admin.get(f"{BASE}{kind}/template.csv"))
        assert admin.post(f"{BASE}{kind}/", {"text": template}).status_code == 200, kind
    assert admin.get(f"{BASE}rotas/").status_code == 404
    for name in ("alice", "charlie", "desk", "sdm", "oncall"):
        client = as_person(getattr(world, name))
        for path in ("customers/", "customers/template.csv", "customers/refused.csv"):
            assert {client.get(BASE + path).status_code, client.post(BASE + path, {}).status_code} == {404}, (
                name,
                path,
            )


def test_a_thousand_rows_take_seconds_and_no_more_queries(world: World) -> None:
    def table(kind: str, count: int) -> str:
        line = {
            "people": ("email,name,groups", "p{0}@example.com,Person {0},On-call"),
            "customers": ("key,name", "c{0},Customer {0}"),
            "projects": ("key,customer,name,hours,team", "x{0},c{0},Project {0},office,platform"),
            "contacts": ("customer,email,name,projects", "c{0},q{0}@c.example,Contact {0},x{0}"),
            "assignments": ("project,role,email", "x{0},sdm,p{0}@example.com"),
            "members": ("team,email,speciality", "platform,p{0}@example.com,Linux"),
        }[kind]
        return "\n".join([line[0], *(line[1].format(number) for number in range(count))])

    def check(kind: type[Kind]) -> None:
        few, many = read(table(kind.slug, 2)), read(table(kind.slug, 1000))
        now = clock.now()
        started = monotonic()
        found = plan(kind, many, now=now)
        needed = queries(lambda: carry_out(kind, many, stamp=found.stamp, by=world.admin, now=now, why="all"))
        assert monotonic() - started < 15, kind.slug
        assert needed <= 40, kind.slug
        assert queries(lambda: plan(kind, few, now=now)) == queries(lambda: plan(kind, many, now=now)) <= 10
        assert plan(kind, many, now=clock.now()).counts["unchanged"] == 1000

    for each in KINDS.values():
        check(each)


@pytest.mark.django_db(transaction=True)
def test_of_the_same_import_confirmed_twice_at_once_one_is_refused(world: World) -> None:
    kind, now = KINDS["customers"], clock.now()
    table = read("key,name\n" + "\n".join(f"c{number},Customer {number}" for number in range(50)))
    stamp = plan(kind, table, now=now).stamp

    def confirm(_number: int) -> str:
        try:
            carry_out(kind, table, stamp=stamp, by=world.admin, now=now, why="both")
        except ChangedMeanwhile:
            return "refused"
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(confirm, range(2))) == ["done", "refused"]
    assert Customer.objects.filter(key__startswith="c").count() == 50
    # What somebody changes by hand between the look and the confirmation is not overwritten unseen.
    renamed = read("key,name\nc1,New name\n")
    stamp = plan(kind, renamed, now=now).stamp
    Customer.objects.filter(key="c1").update(name="Changed by hand")
    with pytest.raises(ChangedMeanwhile):
        carry_out(kind, renamed, stamp=stamp, by=world.admin, now=now, why="late")
    assert Customer.objects.get(key="c1").name == "Changed by hand"
