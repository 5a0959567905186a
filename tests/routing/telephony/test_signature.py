"""Nobody but the provider is heard."""

from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import Settings
from twilio.request_validator import RequestValidator

from matrix.terms import Channel
from routing.incidents.models import Status
from routing.telephony.signature import invalid_signatures

from .phones import TOKEN, Case

FORM = {"CallSid": "CA1", "CallStatus": "in-progress", "Digits": "1"}


def paths(case: Case) -> list[str]:
    public_id = case.delivery(Channel.VOICE).public_id
    return [
        f"/telephony/voice/{public_id}/",
        f"/telephony/voice/{public_id}/key/",
        f"/telephony/status/{public_id}/",
        "/telephony/voice/",
        "/telephony/sms/",
    ]


def post(client: Client, path: str, *, token: str = TOKEN, base: str = "http://testserver", **form: str) -> int:
    data = FORM | form
    signature = RequestValidator(token).compute_signature(base + path, data)
    return client.post(path, data, headers={"X-Twilio-Signature": signature}).status_code


def test_signed_requests_are_heard(client: Client, case: Case) -> None:
    assert [post(client, path) for path in paths(case)] == [200, 200, 204, 200, 200]
    assert case.refresh().status == Status.ACKNOWLEDGED


def test_forged_requests_are_refused_and_counted(client: Client, case: Case) -> None:
    before = invalid_signatures._value.get()
    for path in paths(case):
        assert post(client, path, token="guessed") == 403
        assert post(client, path, base="http://elsewhere") == 403
        assert client.post(path, FORM).status_code == 403
        assert client.post(path, FORM, headers={"X-Twilio-Signature": "ü"}).status_code == 403
    assert invalid_signatures._value.get() == before + 20
    assert case.refresh().status == Status.NEW


def test_a_signature_holds_for_its_form_and_query_alone(client: Client, case: Case) -> None:
    path = paths(case)[1]
    signature = RequestValidator(TOKEN).compute_signature(f"http://testserver{path}", FORM | {"Digits": "7"})
    headers = {"X-Twilio-Signature": signature}
    assert client.post(path, FORM, headers=headers).status_code == 403
    assert client.post(f"{path}?silent=1", FORM | {"Digits": "7"}, headers=headers).status_code == 403
    assert client.post(path, FORM | {"Digits": "7"}, headers=headers).status_code == 200


def test_without_a_token_nobody_can_sign(client: Client, case: Case, settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = ""
    assert post(client, paths(case)[1], token="") == 403


def test_the_public_address_is_what_is_signed(client: Client, case: Case, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://portal.example"
    assert post(client, paths(case)[1], base="https://portal.example") == 200
    assert post(client, paths(case)[1]) == 403


def test_only_posts(client: Client, case: Case) -> None:
    for path in paths(case):
        for method in (client.get, client.put, client.delete):
            assert method(path).status_code == 405


@pytest.mark.django_db
def test_unknown_deliveries_are_not_found(client: Client) -> None:
    for path in ("voice/{}/", "voice/{}/key/", "status/{}/"):
        assert post(client, "/telephony/" + path.format(uuid4())) == 404
        assert client.post("/telephony/" + path.format("17")).status_code == 404
