"""Published numbers: where each leads, which stands twice, and a change that shows first who sees it."""

from collections.abc import Callable
from datetime import datetime

from django.test import Client

from oncall.models import Rota
from portal.models import Project, Team
from routing.keys import changes
from routing.keys.lines import Kind
from tests.people import PRIVATE, TUESDAY, World, make_project, make_rota
from tests.routing.pages.helpers import as_person, queries, text

BASE = "/administration/keys/numbers/"


def test_each_number_says_where_it_leads(world: World, frozen: Callable[[datetime], None]) -> None:
    frozen(TUESDAY)
    admin = as_person(world.admin)
    shown = text(admin.get(BASE))
    assert PRIVATE not in shown
    for name in (world.sdm.name, world.oncall.name, "Team Platform", "webshop", "Tue 24 Nov, 18:00"):
        assert name in shown, name
    # Two projects may share a hotline; a duty number that is a team's is a mistake.
    assert "stands for different things" not in shown
    Rota.objects.filter(pk=world.rota.pk).update(duty_number=world.platform.phone)
    few = queries(lambda: admin.get(BASE))  # nothing is kept: something has just changed
    assert "stands for different things" in text(admin.get(BASE))
    for number in range(4):
        make_project(world.office, world.alster, f"more-{number}", world.desk_team, world.platform)
        make_rota(f"more-{number}", [world.oncall], [world.backup])
        Team.objects.create(slug=f"more-{number}", name=f"more {number}", kind="project_team", hours=world.office)
    assert queries(lambda: admin.get(BASE)) <= few <= 45
    assert "no number is published" in text(admin.get(BASE))


def test_a_number_is_changed_once_it_was_shown_who_sees_it(world: World) -> None:
    admin, path = as_person(world.admin), f"{BASE}hotline/{world.webshop.pk}/"
    assert "Alster GmbH" in text(admin.get(path))
    old = "+496990009301"
    given = {"seen": old, "number": "069 90009100", "why": "new provider"}
    for bad in ({"number": "112"}, {"number": "call me"}, {"why": ""}, {"number": "+49 69 90009100 ext. 5"}):
        assert admin.post(path, given | bad).status_code == 400, bad
    shown = admin.post(path, given)
    assert "Service Desk" in text(shown)
    assert "The same number stands for:" in text(shown)
    # Another number than the one that was shown is shown first, too.
    assert admin.post(path, given | {"confirmed": "+496990009399"}).status_code == 200
    assert str(Project.objects.get(key="webshop").hotline) == old
    new = "+496990009100"
    assert admin.post(path, given | {"confirmed": new}).status_code == 302
    assert str(Project.objects.get(key="webshop").hotline) == new
    change = changes.last_of(Kind.HOTLINE, world.webshop.pk)
    assert change is not None
    assert (change.before, change.after, change.by, change.why) == (old, new, world.admin.name, "new provider")
    assert changes.latest(1) == [change]
    assert "new provider" in text(admin.get(BASE))
    # The second of two editors sees what the first did, and what they wrote is kept.
    second = admin.post(path, given | {"number": "069 90009398", "confirmed": "+496990009398"})
    assert second.status_code == 409
    assert "new provider" in text(second)
    assert "069 90009398" in text(second)
    assert str(Project.objects.get(key="webshop").hotline) == new
    again = {"seen": second.context["form"]["seen"].value(), "number": "", "why": "none any more", "confirmed": ""}
    assert admin.post(path, again).status_code == 302
    assert str(Project.objects.get(key="webshop").hotline) == ""
    for kind, pk in (("duty", world.rota.pk), ("team", world.platform.pk)):
        assert "webshop" in text(admin.get(f"{BASE}{kind}/{pk}/"))
    for missing in ("hotline/999999/", f"person/{world.webshop.pk}/"):
        assert admin.get(BASE + missing).status_code == 404
    for name in ("alice", "charlie", "desk", "sdm", "brm", "oncall"):
        client = as_person(getattr(world, name))
        assert {client.get(path).status_code, client.post(path, given).status_code} == {404}, name
    assert Client().get(path).status_code == 302
