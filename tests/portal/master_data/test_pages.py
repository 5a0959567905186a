"""Customers, people and teams: added, changed by one of two editors, retired."""

import re

from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client

from portal.master_data import rows
from portal.models import Customer, Membership, Person, Team
from tests.people import PRIVATE, World
from tests.routing.pages.helpers import as_person, text

ADMIN = "/administration"


def test_of_two_editors_the_second_sees_what_the_first_did(world: World) -> None:
    client = as_person(world.admin)
    address = f"{ADMIN}/customers/alster/change/"
    seen = client.get(address).context["form"].fields["seen"].initial
    mine = {"name": "Alster AG", "city": "Hamburg", "key": "alster", "why": "became a corporation"}
    assert client.post(address, mine | {"seen": seen}).status_code == 302
    late = client.post(address, {"name": "Alster KG", "city": "", "key": "alster", "why": "", "seen": seen})
    body = text(late)
    assert late.status_code == 409
    for part in ("Somebody was faster", world.admin.name, "became a corporation", "Alster GmbH → Alster AG"):
        assert part in body, part
    assert 'value="Alster KG"' in body
    assert Customer.objects.get(key="alster").name == "Alster AG"
    again = re.search(r'name="seen" value="([^"]+)"', body)
    assert again is not None
    client.post(address, {"name": "Alster KG", "city": "", "key": "alster", "why": "", "seen": again[1]})
    assert Customer.objects.get(key="alster").name == "Alster KG"
    assert "Who changed what" in text(client.get(f"{ADMIN}/customers/alster/"))
    for nonsense in ("", "~", "999999999999999999999~x", "x" * 5000):
        sent = {"name": "N", "city": "", "key": "alster", "why": "", "seen": nonsense}
        assert client.post(address, sent).status_code == 409, nonsense


def test_a_person_is_added_invited_and_sets_a_password_once(world: World) -> None:
    client = as_person(world.admin)
    sent = {"name": "Nele New", "email": "Nele@Example.com", "language": "de", "zone": "Europe/Berlin", "invite": "on"}
    made = client.post(f"{ADMIN}/people/new/", sent)
    person = Person.objects.get(email="nele@example.com")
    assert made["Location"] == f"{ADMIN}/people/{person.pk}/"
    assert person.is_staff
    link = re.search(r"/invitation/staff/\S+", str(mail.outbox[0].body))
    assert link is not None
    first = link[0]
    client.post(f"{ADMIN}/people/{person.pk}/invite/")
    newer = re.search(r"/invitation/staff/\S+", str(mail.outbox[1].body))
    assert newer is not None
    passwords = {"password1": "mistral-over-kiel", "password2": "mistral-over-kiel"}
    for dead in (first, "/invitation/staff/nonsense/", newer[0][:-3] + "x/"):
        assert Client().post(dead, passwords).status_code == 404, dead
    assert Client().get(newer[0]).status_code == 200
    assert Client().post(newer[0], {"password1": "12345678", "password2": "12345678"}).status_code == 400
    own = Client()
    assert own.post(newer[0], passwords).status_code == 302
    assert own.get("/profile/").status_code == 200
    assert Client().post(newer[0], passwords).status_code == 404
    again = client.post(f"{ADMIN}/people/new/", sent)
    assert "has this address already" in text(again)


def test_a_private_number_is_in_no_page_and_no_log(world: World) -> None:
    client = as_person(world.admin)
    address = f"{ADMIN}/people/{world.desk.pk}/change/"
    page = client.get(address)
    assert PRIVATE not in text(page)
    form = page.context["form"]
    initial = {name: form.get_initial_for_field(form.fields[name], name) for name in form.fields}
    sent = {name: str(value) for name, value in initial.items() if value and name != "groups"}
    groups = [str(group.pk) for group in initial["groups"]]
    assert client.post(address, sent | {"mobile": "+4917139200999", "groups": groups}).status_code == 302
    change = rows.changes_of(world.desk).get(by=world.admin)
    assert change.changes == {"mobile": ["…20", "…99"]}
    late = client.post(address, sent | {"name": "Another", "groups": groups})
    assert late.status_code == 409
    assert PRIVATE not in text(late)
    assert client.post(address, sent | {"seen": late.context["form"].data["seen"], "groups": groups}).status_code == 302
    assert str(Person.objects.get(pk=world.desk.pk).mobile) == "+4917139200999"
    for path in ("people/", f"people/{world.desk.pk}/", "teams/", "teams/service-desk/"):
        assert PRIVATE not in text(client.get(f"{ADMIN}/{path}")), path


def test_a_mobile_is_removed_on_demand_and_foreign_groups_stay(world: World) -> None:
    client = as_person(world.admin)
    own = Group.objects.create(name="Auditors")
    world.desk.groups.add(own)
    address = f"{ADMIN}/people/{world.desk.pk}/change/"
    form = client.get(address).context["form"]
    initial = {name: form.get_initial_for_field(form.fields[name], name) for name in form.fields}
    sent = {name: str(value) for name, value in initial.items() if value and name != "groups"}
    assert client.post(address, sent | {"forget_mobile": "on"}).status_code == 302
    person = Person.objects.get(pk=world.desk.pk)
    assert (person.mobile, list(person.groups.all())) == ("", [own])


def test_a_superuser_is_changed_by_none_but_superusers(world: World) -> None:
    Person.objects.filter(pk=world.sdm.pk).update(is_superuser=True)
    address = f"{ADMIN}/people/{world.sdm.pk}/change/"
    assert as_person(world.admin).get(address).status_code == 403
    assert as_person(world.admin).post(address, {"email": "mine@example.com"}).status_code == 403
    assert as_person(world.sdm).get(address).status_code == 200


def test_a_team_gets_members_and_is_retired_once_nobody_needs_it(world: World) -> None:
    client = as_person(world.admin)
    sent = {"name": "Team Data", "kind": "project_team", "hours": world.office.pk, "phone": "+49 69 90009105"}
    assert client.post(f"{ADMIN}/teams/new/", sent)["Location"] == f"{ADMIN}/teams/team-data/"
    client.post(f"{ADMIN}/teams/team-data/", {"person": world.sdm.pk, "speciality": "SQL"})
    row = Membership.objects.current().get(team__slug="team-data")
    assert (row.person, row.speciality, row.recorded_by) == (world.sdm, "SQL", world.admin)
    assert client.post(f"{ADMIN}/members/{row.pk}/", {"speciality": "Tuning"}).status_code == 400
    client.post(f"{ADMIN}/members/{row.pk}/", {"speciality": "Tuning", "why": "course"})
    row = Membership.objects.current().get(team__slug="team-data")
    assert row.speciality == "Tuning"
    for slug, retired in (("platform", False), ("team-data", True)):
        address = f"{ADMIN}/teams/{slug}/retire/"
        seen = client.get(address).context["seen"]
        client.post(address, {"why": "merged", "seen": seen})
        assert (Team.objects.get(slug=slug).retired_at is not None) is retired
    assert not Membership.objects.current().filter(team__slug="team-data").exists()


def test_a_customer_retires_with_its_projects_and_runs_again_with_one(world: World) -> None:
    client = as_person(world.admin)
    address = f"{ADMIN}/customers/alster/retire/"
    seen = client.get(address).context["seen"]
    client.post(address, {"why": "contract ended", "seen": seen})
    world.webshop.refresh_from_db()
    assert world.webshop.retired_at is not None
    assert "customers/alster/" not in text(client.get(f"{ADMIN}/customers/"))
    assert "customers/alster/" in text(client.get(f"{ADMIN}/customers/?retired=1&q=webshop"))
    again = f"{ADMIN}/projects/webshop/retire/"
    client.post(again, {"why": "came back", "seen": client.get(again).context["seen"]})
    world.alster.refresh_from_db()
    world.webshop.refresh_from_db()
    assert (world.alster.retired_at, world.webshop.retired_at) == (None, None)


def test_only_administrators_find_any_of_it(world: World) -> None:
    member = Membership.objects.current().get(team=world.desk_team)
    paths = [
        *("customers/new/", "customers/alster/", "customers/alster/change/", "customers/alster/retire/"),
        *("customers/alster/projects/new/", "projects/webshop/", "projects/webshop/change/", "projects/webshop/rota/"),
        *("projects/webshop/retire/", "projects/webshop/support/", "projects/webshop/assign/"),
        *("projects/webshop/matrix/", "people/new/", f"people/{world.desk.pk}/", f"people/{world.desk.pk}/change/"),
        *("teams/new/", "teams/service-desk/", "teams/service-desk/change/", "teams/platform/retire/"),
        f"members/{member.pk}/",
        f"assignments/{world.webshop.assignments.get(role='brm').pk}/",
    ]
    admin = as_person(world.admin)
    for path in paths:
        assert admin.get(f"{ADMIN}/{path}").status_code == 200, path
    for name in ("alice", "charlie", "desk", "sdm", "brm", "oncall"):
        client = as_person(getattr(world, name))
        for path in paths:
            assert client.get(f"{ADMIN}/{path}").status_code == 404, (name, path)
