"""The OpenAPI document, and whether the API keeps to it."""

import io

import pytest
import schemathesis
import yaml
from django.core.management import call_command
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from knox.models import AuthToken
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from portal import clock
from portal.wsgi import application
from routing.incidents import services
from routing.incidents.models import Incident
from tests.people import World

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
LIMITED = settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_the_document_is_made_without_a_warning() -> None:
    out = io.StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=out)
    document = yaml.safe_load(out.getvalue())
    assert document["paths"]["/api/v1/projects/{key}/contacts/"]["get"]["operationId"] == "projects_contacts"


@pytest.mark.django_db
def test_anybody_may_read_the_document(client: Client) -> None:
    answer = client.get("/api/v1/schema/")
    assert answer.status_code == 200
    paths = yaml.safe_load(answer.content)["paths"]
    assert "/api/v1/incidents/{number}/pass-on/" in paths
    # What people see in a browser and what others post to us is no part of it.
    assert all(path.startswith("/api/v1/") for path in paths)


@pytest.fixture
def incident(world: World) -> Incident:
    return services.create_incident(
        project=world.webshop,
        priority="blocker",
        title="Shop is down",
        source=Incident.Source.PORTAL,
        by=world.alice,
        now=clock.now(),
    )


@pytest.mark.django_db(transaction=True)  # a live application closes its connections between requests
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_whatever_is_sent_the_answer_is_as_documented(world: World, incident: Incident, mode: GenerationMode) -> None:
    """Requests that keep to the document, and such that do not, to the live application with a token of the desk's."""
    _row, token = AuthToken.objects.create(user=world.desk)
    there = {"number": incident.pk, "key": "webshop", "slug": "platform"}
    document = schemathesis.openapi.from_wsgi("/api/v1/schema/", application)
    answered = set()
    for result in document.get_all_operations():
        operation = result.ok()

        @LIMITED
        @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
        def send(case: schemathesis.Case, known: bool) -> None:
            if known:
                case.path_parameters = {name: there[name] for name in case.path_parameters or {}}
            headers = {"Authorization": f"Bearer {token}"}
            response = case.call(headers=headers)
            answered.add(response.status_code)
            case.validate_response(response, checks=CHECKS, headers=headers)

        try:
            send()
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE  # nothing could be wrong with a request without parameters
    assert 400 in answered
    assert 200 in answered
