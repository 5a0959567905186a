"""From nothing to a project with full coverage, by the pages alone."""

from matrix.models import MatrixVersion
from oncall.models import RotaCoverage
from portal import clock
from portal.models import Assignment, AuditEntry, Customer, Project
from routing.gather import gather
from tests.people import World
from tests.routing.pages.helpers import as_person, queries, text

ADMIN = "/administration"


def test_a_customer_with_two_projects_is_taken_on_and_lacks_nothing(world: World) -> None:
    client = as_person(world.admin)
    made = client.post(f"{ADMIN}/customers/new/", {"name": "Möwe Reisen", "city": "Kiel"})
    assert made["Location"] == f"{ADMIN}/customers/mowe-reisen/"
    assert "Add the first project" in text(client.get(made["Location"]))
    for name, key in (("Booking", "booking"), ("Intranet", "intranet")):
        address = f"{ADMIN}/customers/mowe-reisen/projects/new/"
        form = client.get(address).context["form"]
        given = {field: form.get_initial_for_field(form.fields[field], field) for field in form.fields}
        sent = {field: value for field, value in given.items() if value not in (None, "")} | {"name": name}
        people = {"sdm": world.sdm.pk, "sdm_deputy": world.deputy.pk, "brm": world.brm.pk}
        assert client.post(address, sent | people)["Location"] == f"{ADMIN}/projects/{key}/"
    shown = client.get(f"{ADMIN}/projects/booking/")
    # The team's only gap, and who of the customer may call, are all that is left.
    assert [item.name for item in shown.context["standing"].missing] == ["Contacts of the customer"]
    customer = Customer.objects.get(key="mowe-reisen")
    client.post(
        f"/customers/{customer.key}/contacts/invite/",
        {"name": "Mia", "email": "mia@moewe.example", "language": "de", "can_report": "on"},
    )
    assert "Nothing is missing" in text(client.get(f"{ADMIN}/projects/intranet/"))
    now = clock.now()
    for project in customer.projects.all():
        facts = gather([project], at=now)[project.pk]
        assert facts.version is not None
        assert [each.person.id for each in facts.sdm] == [world.sdm.pk, world.deputy.pk]
    assert AuditEntry.objects.filter(by=world.admin, kind="projects", action="created").count() == 3


def test_the_page_of_a_project_needs_few_queries(world: World) -> None:
    client = as_person(world.admin)
    assert queries(lambda: client.get(f"{ADMIN}/projects/webshop/")) <= 25
    assert queries(lambda: client.get(f"{ADMIN}/customers/")) <= 10
    assert queries(lambda: client.get(f"{ADMIN}/people/")) <= 10
    assert queries(lambda: client.get(f"{ADMIN}/teams/")) <= 10


def test_what_is_left_out_is_listed_and_put_right(world: World) -> None:
    client = as_person(world.admin)
    address = f"{ADMIN}/customers/alster/projects/new/"
    base = {"name": "Wiki", "hours": world.office.pk, "service_desk": world.desk_team.pk}
    wrong = client.post(address, base | {"sdm": world.sdm.pk, "sdm_deputy": world.sdm.pk})
    assert wrong.status_code == 400
    assert "Nobody can stand in for themselves" in text(wrong)
    client.post(address, base)
    project = Project.objects.get(key="wiki")
    names = [item.name for item in client.get(f"{ADMIN}/projects/wiki/").context["standing"].missing]
    assert {"Service Delivery Manager", "Project team", "On-call", "Communication matrix"} <= set(names)
    page = f"{ADMIN}/projects/wiki"
    why = {"why": "new contract"}
    client.post(f"{page}/matrix/", why | {"matrix": world.versions["webshop"].pk, "publish": "on"})
    assert MatrixVersion.objects.get(matrix__project=project).number == 1
    client.post(f"{page}/rota/", why | {"rota": world.rota.pk})
    assert RotaCoverage.objects.current().get(project=project).rota == world.rota
    stale = client.post(f"{page}/rota/", why | {"rota": world.rota.pk, "seen": ""})
    assert stale["Location"] == f"{page}/rota/"
    client.post(f"{page}/assign/", why | {"role": "sdm", "person": world.sdm.pk, "order": "1"})
    taken = client.post(f"{page}/assign/", why | {"role": "sdm", "person": world.deputy.pk, "order": "1"})
    assert "This place is taken" in text(taken)
    row = Assignment.objects.current().get(project=project)
    ended = client.post(f"{ADMIN}/assignments/{row.pk}/", why | {"person": world.sdm.pk, "order": "1", "end": "1"})
    assert "Nobody else holds this role" in text(ended)
    # Neither does whoever held it once.
    client.post(f"{page}/assign/", why | {"role": "sdm", "person": world.deputy.pk, "order": "2"})
    second = Assignment.objects.current().get(project=project, order=2)
    beside = why | {"person": world.deputy.pk, "order": "2", "end": "1"}
    assert client.post(f"{ADMIN}/assignments/{second.pk}/", beside).status_code == 302
    ended = client.post(f"{ADMIN}/assignments/{row.pk}/", why | {"person": world.sdm.pk, "order": "1", "end": "1"})
    assert "Nobody else holds this role" in text(ended)
    client.post(f"{ADMIN}/assignments/{row.pk}/", why | {"person": world.deputy.pk, "order": "1"})
    assert Assignment.objects.current().get(project=project, order=1).person == world.deputy
    assert "new contract" in {row.closed_why for row in Assignment.objects.filter(project=project)}
    support = client.get(f"{page}/support/").context["form"].initial["seen"]
    fields = why | {"hours": world.office.pk, "service_desk": world.desk_team.pk, "team": world.platform.pk}
    assert client.post(f"{page}/support/", fields | {"seen": support}).status_code == 302
    late = client.post(f"{page}/support/", fields | {"seen": support})
    assert late.status_code == 409
    assert world.admin.name in text(late)
