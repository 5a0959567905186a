"""Coverage as it is read: the page, the API and the command say the same."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from oncall.models import Rotation
from portal.models import Project
from portal.services import retire
from tests.people import BEGAN, PRIVATE, World
from tests.routing.pages.helpers import as_person, queries, text

PAGE, API = "/administration/coverage/", "/api/v1/coverage/"


def end_duty(world: World) -> None:
    for rotation in Rotation.objects.current().filter(rota=world.rota):
        retire(rotation, by=None, now=BEGAN)


def api(person: object) -> APIClient:
    client = APIClient()
    client.force_login(person)
    return client


def run(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("coverage", *arguments, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_the_page_shows_what_is_wrong_what_to_do_and_where(world: World) -> None:
    client = as_person(world.admin)
    assert "No gap in the next eight weeks" in text(client.get(PAGE))
    end_duty(world)
    shown = text(client.get(PAGE))
    assert "Whoever reports then reaches nobody" in shown
    assert "Put somebody on duty for that time, or open a team." in shown
    assert "/what-if/?project=kundenportal&amp;priority=blocker" in shown
    assert PRIVATE not in shown
    assert queries(lambda: client.get(PAGE)) <= 30
    for question, there, missing in (
        ("?kind=holiday", "Holiday without arrangement:", '<h2 class="cv-title">Nobody can answer'),
        ("?severity=gap", '<h2 class="cv-title">Nobody can answer', '<h2 class="cv-title">Holiday'),
        (
            "?project=webshop",
            'href="/administration/projects/webshop/"',
            'href="/administration/projects/kundenportal/"',
        ),
        (
            "?customer=seeburg",
            'href="/administration/projects/kundenportal/"',
            'href="/administration/projects/webshop/"',
        ),
        ("?customer=seeburg&project=webshop", "Nothing matches this filter.", "cv-title"),
        ("?kind=no_matrix", "Nothing matches this filter.", "cv-title"),
        ("?kind=nonsense&page=-7", "Nobody can answer", "Nothing matches this filter."),
    ):
        shown = text(client.get(PAGE + question))
        assert there in shown, question
        assert missing not in shown, question
    world.admin.language = "de"
    Project.objects.update(retired_at=BEGAN)
    assert "There is no project yet." in text(client.get(PAGE))


def test_the_api_answers_the_providers_people_alone(world: World) -> None:
    whole = api(world.desk).get(API).json()
    assert (whole["gaps"], whole["risks"], whole["projects"]) == (0, 0, 2)
    end_duty(world)
    one = api(world.desk).get(API, {"project": "webshop", "weeks": 2}).json()
    assert one["gaps"] > 0
    (gap,) = [each for each in one["findings"] if each["kind"] == "gap" and each["periods"][0]["end"] == one["until"]]
    assert gap["concerns"] == [
        {"priority": "blocker", "route": "monitoring"},
        {"priority": "critical", "route": "monitoring"},
    ]
    for query in ({"project": "nobody"}, {"weeks": "0"}, {"weeks": "many"}, {"weeks": "27"}):
        refused = api(world.desk).get(API, query)
        assert (refused.status_code, refused["Content-Type"]) == (400, "application/problem+json")
        assert set(refused.json()["errors"]) == set(query)
    refused = api(world.alice).get(API)
    assert (refused.status_code, refused.json()["status"]) == (403, 403)
    assert Client().get(API).status_code == 401
    assert PRIVATE not in json.dumps(one)


def test_the_command_ends_with_one_on_a_gap_and_with_two_where_it_is_misused(world: World) -> None:
    code, said = run()
    assert (code, said.splitlines()[0][:24]) == (0, "COVERAGE OK: 0 gaps, 0 r")
    end_duty(world)
    code, said = run("--project", "webshop", "--weeks", "1")
    assert code == 1
    assert said.startswith("COVERAGE GAP: ")
    assert "kundenportal" not in said
    code, said = run("--json")
    assert (code, json.loads(said)["gaps"] > 0) == (1, True)
    for wrong in (("--project", "nobody"), ("--weeks", "0"), ("--weeks", "x")):
        with pytest.raises(CommandError) as refused:
            run(*wrong)
        assert refused.value.returncode == 2 or "weeks" in str(refused.value)  # argparse ends with 2 itself
