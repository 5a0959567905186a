"""The simulated phones, seen through the real `twilio` library, from outside."""

from __future__ import annotations

import os
import smtplib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from demo.phones.client import NothingHappenedError, Phones, PhonesError
from demo.phones.process import PhonesProcess, start_phones
from tests.demo.product import ACCOUNT, TOKEN, LocalHttpClient, Product

pytestmark = pytest.mark.processes

NOWAK = "+491713920050"  # on call, in the directory
STRANGER = "+4915112345678"
PROVIDER = "+496990009000"
ALL_EVENTS = ["initiated", "ringing", "answered", "completed"]

MENU = """<?xml version="1.0" encoding="UTF-8"?>
<Response>
  <Gather numDigits="1" action="key?page=7" timeout="{timeout}" finishOnKey="">
    <Say language="de-DE">Störung im Webshop. Drücken Sie 1.</Say>
    <Say language="de-DE">Noch einmal: drücken Sie 1.</Say>
  </Gather>
  <Say>Nobody pressed a key.</Say>
</Response>"""
# Seconds are scaled by 0.05, so PATIENT outlasts a busy machine and HASTY saves time.
PATIENT, HASTY = 600, 3
THANKS = "<Response><Say>Acknowledged.</Say><Hangup/></Response>"


@pytest.fixture(scope="module")
def process() -> Iterator[PhonesProcess]:
    with start_phones(account_sid=ACCOUNT, auth_token=TOKEN) as running:
        yield running


@pytest.fixture
def product() -> Iterator[Product]:
    with Product({"/menu": MENU.format(timeout=PATIENT), "/key": THANKS}) as running:
        yield running


@pytest.fixture
def phones(process: PhonesProcess, product: Product) -> Phones:
    process.client.reset()
    process.client.configure(
        sms_url=f"{product.url}/sms", voice_url=f"{product.url}/voice", voice_status_url=f"{product.url}/status"
    )
    return process.client


@pytest.fixture
def twilio(process: PhonesProcess) -> Client:
    return Client(ACCOUNT, TOKEN, http_client=LocalHttpClient(process.url))


def place(twilio: Client, product: Product, to: str = NOWAK, **options: Any) -> Any:
    given = {"url": f"{product.url}/menu", "timeout": PATIENT, **options}
    return twilio.calls.create(
        to=to,
        from_=PROVIDER,
        status_callback=f"{product.url}/status?delivery=1",
        status_callback_event=ALL_EVENTS,
        **given,
    )


def statuses(product: Product) -> list[str]:
    return [request.params["CallStatus"] for request in product.at("/status")]


# Calls


def test_a_call_is_answered_and_a_key_acknowledges(twilio: Client, phones: Phones, product: Product) -> None:
    call = place(twilio, product)
    assert (call.status, call.to, call.direction) == ("queued", NOWAK, "outbound-api")

    phones.wait(NOWAK, "ringing")
    assert twilio.calls(call.sid).fetch().status == "ringing"
    phones.answer(NOWAK)
    phones.wait(NOWAK, "spoken", contains="drücken Sie 1")
    phones.press(NOWAK, "1")
    phones.wait(NOWAK, "ended")

    # Not the request's arrival but the product's answer is what the record tells.
    phones.wait(NOWAK, "callback", contains="completed 200")
    assert statuses(product) == ["initiated", "ringing", "in-progress", "completed"]
    assert [request.params["SequenceNumber"] for request in product.at("/status")] == ["0", "1", "2", "3"]
    menu, key = product.at("/menu")[0], product.at("/key")[0]
    assert menu.params["CallStatus"] == "in-progress"
    assert key.params["Digits"] == "1"
    assert {request.params["CallSid"] for request in product.requests} == {call.sid}
    assert all(request.signed for request in product.requests)

    record = phones.calls(to=NOWAK)[0]
    assert record["spoken"][0] == "Störung im Webshop. Drücken Sie 1."
    assert record["spoken"][-1] == "Acknowledged."
    assert (record["keys"], record["status"], record["errors"]) == ("1", "completed", [])
    assert [callback["status"] for callback in record["callbacks"]] == [200] * 6
    ended = twilio.calls(call.sid).fetch()
    assert ended.status == "completed"
    assert ended.end_time >= ended.start_time


def test_without_a_key_the_call_goes_on_and_ends(twilio: Client, phones: Phones, product: Product) -> None:
    product.pages["/menu"] = MENU.format(timeout=HASTY)
    phones.mode(NOWAK, "answer")
    place(twilio, product)
    phones.wait(NOWAK, "ended")
    record = phones.calls()[0]
    assert record["spoken"] == [
        "Störung im Webshop. Drücken Sie 1.",
        "Noch einmal: drücken Sie 1.",
        "Nobody pressed a key.",
    ]
    assert product.at("/key") == []


def test_a_phone_that_answers_by_itself_hears_everything_and_presses_its_keys(
    twilio: Client, phones: Phones, product: Product
) -> None:
    phones.mode(NOWAK, "answer", keys="2", times=1)
    place(twilio, product)
    phones.wait(NOWAK, "ended")
    assert phones.calls()[0]["spoken"][1] == "Noch einmal: drücken Sie 1."
    assert product.at("/key")[0].params["Digits"] == "2"


def test_only_the_events_asked_for_are_reported(twilio: Client, phones: Phones, product: Product) -> None:
    phones.mode(NOWAK, "busy")
    twilio.calls.create(to=NOWAK, from_=PROVIDER, url=f"{product.url}/menu", status_callback=f"{product.url}/status")
    product.wait_for("/status")
    assert statuses(product) == ["busy"]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("busy", ["initiated", "busy"]),
        ("no_answer", ["initiated", "ringing", "no-answer"]),
        ("undeliverable", ["initiated", "failed"]),
    ],
)
def test_calls_that_nobody_takes(
    twilio: Client, phones: Phones, product: Product, mode: str, expected: list[str]
) -> None:
    phones.mode(NOWAK, mode)
    call = place(twilio, product, timeout=5)
    product.wait_for("/status", len(expected))
    assert statuses(product) == expected
    assert twilio.calls(call.sid).fetch().status == expected[-1]
    assert product.at("/menu") == []


def test_ringing_ends_after_the_timeout(twilio: Client, phones: Phones, product: Product) -> None:
    call = place(twilio, product, timeout=5)  # a quarter of a second, scaled
    phones.wait(NOWAK, "ended", contains="no-answer")
    assert twilio.calls(call.sid).fetch().status == "no-answer"


def test_a_declined_call_is_busy(twilio: Client, phones: Phones, product: Product) -> None:
    place(twilio, product)
    phones.wait(NOWAK, "ringing")
    phones.decline(NOWAK)
    phones.wait(NOWAK, "ended", contains="busy")


def test_voicemail_presses_nothing_and_is_recognised(twilio: Client, phones: Phones, product: Product) -> None:
    product.pages["/menu"] = MENU.format(timeout=HASTY)
    phones.mode(NOWAK, "voicemail")
    call = place(twilio, product, machine_detection="Enable")
    phones.wait(NOWAK, "ended")
    assert product.at("/menu")[0].params["AnsweredBy"] == "machine_start"
    assert product.at("/key") == []
    assert twilio.calls(call.sid).fetch().answered_by == "machine_start"


def test_a_ringing_call_can_be_canceled(twilio: Client, phones: Phones, product: Product) -> None:
    call = place(twilio, product)
    phones.wait(NOWAK, "ringing")
    assert twilio.calls(call.sid).update(status="canceled").status == "canceled"
    product.wait_for("/status", 3)
    assert statuses(product) == ["initiated", "ringing", "canceled"]
    with pytest.raises(PhonesError) as refusal:
        phones.answer(NOWAK)
    assert refusal.value.status == 409
    with pytest.raises(TwilioRestException) as over:
        twilio.calls(call.sid).update(status="canceled")
    assert over.value.code == 21220


def test_canceling_leaves_an_answered_call_alone_but_completing_ends_it(
    twilio: Client, phones: Phones, product: Product
) -> None:
    call = place(twilio, product, twiml="<Response><Pause length='2000'/></Response>", url="")
    phones.wait(NOWAK, "ringing")
    phones.answer(NOWAK)
    phones.wait(NOWAK, "answered")
    assert twilio.calls(call.sid).update(status="canceled").status == "in-progress"
    assert twilio.calls(call.sid).update(status="completed").status == "completed"


def test_a_live_call_can_be_sent_to_other_instructions(twilio: Client, phones: Phones, product: Product) -> None:
    call = place(twilio, product, twiml="<Response><Pause length='2000'/></Response>", url="")
    phones.wait(NOWAK, "ringing")
    phones.answer(NOWAK)
    phones.wait(NOWAK, "answered")
    twilio.calls(call.sid).update(twiml="<Response><Say>Anna took it.</Say></Response>")
    phones.wait(NOWAK, "spoken", contains="Anna took it.")
    phones.wait(NOWAK, "ended")


def test_hanging_up_completes_the_call(twilio: Client, phones: Phones, product: Product) -> None:
    place(twilio, product)
    phones.wait(NOWAK, "ringing")
    phones.answer(NOWAK)
    phones.wait(NOWAK, "spoken")
    phones.hang_up(NOWAK)
    product.wait_for("/status", 4)
    assert statuses(product)[-1] == "completed"
    assert product.at("/key") == []


def test_what_is_wrong_with_the_instructions_is_shown(twilio: Client, phones: Phones, product: Product) -> None:
    phones.mode(NOWAK, "answer")
    place(twilio, product, twiml="<Response><Sing>la</Sing><Say>after</Say></Response>", url="")
    phones.wait(NOWAK, "ended")
    assert phones.calls()[0]["errors"] == ["Unknown TwiML verb <Sing>"]
    assert phones.calls()[0]["spoken"] == ["after"]

    product.pages["/menu"] = "<html>login</html>"
    after = phones.sequence
    place(twilio, product)
    phones.wait(NOWAK, "ended", after=after)
    assert "instead of <Response>" in phones.calls()[1]["errors"][0]


def test_redirect_and_digits_without_a_fixed_number(twilio: Client, phones: Phones, product: Product) -> None:
    product.pages["/menu"] = "<Response><Redirect>pin</Redirect></Response>"
    product.pages["/pin"] = "<Response><Gather action='/key' timeout='600'><Say>PIN?</Say></Gather></Response>"
    place(twilio, product)
    phones.wait(NOWAK, "ringing")
    phones.answer(NOWAK)
    phones.wait(NOWAK, "spoken", contains="PIN?")
    phones.press(NOWAK, "4711#")
    phones.wait(NOWAK, "ended")
    assert product.at("/key")[0].params["Digits"] == "4711"
    assert product.at("/key")[0].params["FinishedOnKey"] == "#"


# Calls that phones begin


def test_an_inbound_call_leaves_a_recording(phones: Phones, product: Product) -> None:
    product.pages["/voice"] = "<Response><Say>Speak.</Say><Record action='/recorded' maxLength='900'/></Response>"
    phones.call(STRANGER, PROVIDER)
    phones.wait(STRANGER, "spoken", contains="Speak.")
    phones.say(STRANGER, "Der Shop ist weg.")
    phones.press(STRANGER, "#")
    recorded = product.wait_for("/recorded")[0]
    phones.wait(STRANGER, "ended")

    inbound = product.at("/voice")[0]
    assert (inbound.params["From"], inbound.params["To"]) == (STRANGER, PROVIDER)
    assert (inbound.params["Direction"], inbound.params["CallStatus"]) == ("inbound", "ringing")
    assert recorded.params["Digits"] == "#"
    assert phones.calls(number=STRANGER)[0]["recordings"][0]["transcript"] == "Der Shop ist weg."
    sound = requests.get(recorded.params["RecordingUrl"], auth=(ACCOUNT, TOKEN), timeout=5)
    assert sound.content.startswith(b"RIFF")
    assert product.wait_for("/status")[0].params["CallStatus"] == "completed"
    assert all(request.signed for request in product.requests)


def test_a_recording_is_kept_when_the_caller_hangs_up(phones: Phones, product: Product) -> None:
    product.pages["/voice"] = "<Response><Record action='/recorded' timeout='600'/></Response>"
    phones.call(STRANGER, PROVIDER)
    phones.wait(STRANGER, "answered")
    phones.say(STRANGER, "Hilfe")
    phones.hang_up(STRANGER)
    assert product.wait_for("/recorded")[0].params["Digits"] == "hangup"


def test_a_rejected_call_is_never_answered(phones: Phones, product: Product) -> None:
    product.pages["/voice"] = "<Response><Reject reason='busy'/></Response>"
    phones.call(STRANGER, PROVIDER)
    phones.wait(STRANGER, "ended", contains="busy")
    assert phones.calls()[0]["answered_at"] is None


DIAL = """<Response>
  <Dial action="/dialled" timeout="{timeout}"><Number url="/whisper">{number}</Number></Dial>
</Response>"""
WHISPER = "<Response><Gather numDigits='1' action='/accept' timeout='600'><Say>Take it?</Say></Gather></Response>"


def test_a_caller_is_connected_to_another_phone(phones: Phones, product: Product) -> None:
    product.pages |= {
        "/voice": DIAL.format(number=NOWAK, timeout=PATIENT),
        "/whisper": WHISPER,
        "/accept": "<Response/>",
    }
    product.pages["/dialled"] = "<Response><Say>Goodbye.</Say></Response>"
    phones.call(STRANGER, PROVIDER)
    phones.wait(NOWAK, "ringing")
    phones.answer(NOWAK)
    phones.wait(NOWAK, "spoken", contains="Take it?")
    phones.press(NOWAK, "1")
    phones.wait(NOWAK, "connected")
    phones.say(STRANGER, "Hallo?")
    phones.wait(NOWAK, "spoken", contains="Hallo?")
    phones.hang_up(NOWAK)
    phones.wait(STRANGER, "spoken", contains="Goodbye.")

    dialled = product.at("/dialled")[0].params
    assert (dialled["DialCallStatus"], dialled["DialBridged"]) == ("completed", "true")
    parent, child = phones.calls()
    assert (child["direction"], child["parent_sid"]) == ("outbound-dial", parent["sid"])


@pytest.mark.parametrize(("mode", "status"), [("busy", "busy"), ("no_answer", "no-answer"), ("invalid", "failed")])
def test_a_phone_that_cannot_be_connected(phones: Phones, product: Product, mode: str, status: str) -> None:
    product.pages["/voice"] = DIAL.format(number=NOWAK, timeout=HASTY)
    phones.mode(NOWAK, mode)
    phones.call(STRANGER, PROVIDER)
    assert product.wait_for("/dialled")[0].params["DialCallStatus"] == status


def test_whoever_does_not_accept_did_not_answer(phones: Phones, product: Product) -> None:
    product.pages |= {
        "/voice": DIAL.format(number=NOWAK, timeout=PATIENT),
        "/whisper": WHISPER,
        "/accept": "<Response><Hangup/></Response>",
    }
    phones.mode(NOWAK, "answer", keys="2")
    phones.call(STRANGER, PROVIDER)
    dialled = product.wait_for("/dialled")[0].params
    assert (dialled["DialCallStatus"], dialled["DialBridged"]) == ("no-answer", "false")


def test_a_caller_who_gives_up_stops_the_other_phone(phones: Phones, product: Product) -> None:
    product.pages["/voice"] = DIAL.format(number=NOWAK, timeout=PATIENT)
    phones.call(STRANGER, PROVIDER)
    phones.wait(NOWAK, "ringing")
    phones.hang_up(STRANGER)
    phones.wait(NOWAK, "ended", contains="canceled")


# Texts


def text(twilio: Client, product: Product, to: str = NOWAK) -> Any:
    return twilio.messages.create(
        to=to, from_=PROVIDER, body="webshop down. 1 17 = ok", status_callback=f"{product.url}/text"
    )


def test_a_text_arrives_and_is_answered(twilio: Client, phones: Phones, product: Product) -> None:
    message = text(twilio, product)
    assert message.status == "queued"
    phones.wait(NOWAK, "sms", contains="1 17")
    product.wait_for("/text", 2)
    assert [request.params["MessageStatus"] for request in product.at("/text")] == ["sent", "delivered"]
    assert twilio.messages(message.sid).fetch().status == "delivered"

    product.pages["/sms"] = "<Response><Message>Thank you.</Message></Response>"
    phones.send_sms(NOWAK, "1 17")
    inbound = product.wait_for("/sms")[0].params
    assert (inbound["From"], inbound["To"], inbound["Body"]) == (NOWAK, PROVIDER, "1 17")
    phones.wait(NOWAK, "sms", contains="Thank you.")
    assert [record["direction"] for record in phones.messages(number=NOWAK)] == ["out", "in", "out"]
    assert all(request.signed for request in product.requests)


def test_a_text_that_is_accepted_but_cannot_be_delivered(twilio: Client, phones: Phones, product: Product) -> None:
    phones.mode(NOWAK, "undeliverable", channel="sms")
    message = text(twilio, product)
    last = product.wait_for("/text", 2)[-1].params
    assert (last["MessageStatus"], last["ErrorCode"]) == ("undelivered", "30005")
    assert twilio.messages(message.sid).fetch().error_code == 30005


# Refusals of the provider


@pytest.mark.parametrize(
    ("mode", "status", "code"), [("invalid", 400, 21211), ("http_429", 429, 20429), ("http_500", 500, 20500)]
)
def test_refused_requests_create_nothing(
    twilio: Client, phones: Phones, product: Product, mode: str, status: int, code: int
) -> None:
    phones.mode(NOWAK, mode, times=1)
    with pytest.raises(TwilioRestException) as refusal:
        text(twilio, product)
    assert (refusal.value.status, refusal.value.code) == (status, code)
    assert phones.messages() == []
    assert phones.wait(NOWAK, "refused")["text"] == f"sms {mode}"

    phones.mode(NOWAK, mode, times=1, channel="voice")
    with pytest.raises(TwilioRestException):
        place(twilio, product)
    assert phones.calls() == []
    place(twilio, product)
    phones.wait(NOWAK, "ringing")


def test_too_many_requests_say_when_to_come_back(process: PhonesProcess, phones: Phones) -> None:
    phones.mode(NOWAK, "http_429", seconds=7)
    response = requests.post(
        f"{process.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
        data={"To": NOWAK, "From": PROVIDER, "Body": "x"},
        auth=(ACCOUNT, TOKEN),
        timeout=5,
    )
    assert response.headers["Retry-After"] == "7"


def test_accepted_though_the_answer_never_came(
    process: PhonesProcess, twilio: Client, phones: Phones, product: Product
) -> None:
    impatient = Client(ACCOUNT, TOKEN, http_client=LocalHttpClient(process.url, timeout=0.5))
    phones.mode(NOWAK, "timeout_after_acceptance", seconds=3, times=1)
    with pytest.raises(requests.Timeout):
        text(impatient, product)
    phones.wait(NOWAK, "sms")
    assert [message.body for message in twilio.messages.list(to=NOWAK)] == ["webshop down. 1 17 = ok"]


def test_a_slow_provider_answers_late(twilio: Client, phones: Phones, product: Product) -> None:
    phones.mode(NOWAK, "slow", seconds=0.4, times=1)
    started = time.monotonic()
    text(twilio, product)
    assert time.monotonic() - started >= 0.4


def test_errors_have_the_codes_of_twilio(process: PhonesProcess, twilio: Client, phones: Phones) -> None:
    del phones
    with pytest.raises(TwilioRestException) as unknown:
        twilio.calls("CA" + "f" * 32).fetch()
    assert (unknown.value.status, unknown.value.code) == (404, 20404)
    with pytest.raises(TwilioRestException) as invalid:
        twilio.messages.create(to="0171 39200", from_=PROVIDER, body="x")
    assert invalid.value.code == 21211
    stranger = Client(ACCOUNT, "wrong", http_client=LocalHttpClient(process.url))
    with pytest.raises(TwilioRestException) as login:
        stranger.calls("CA" + "f" * 32).fetch()
    assert login.value.code == 20003


# Lists


def test_lists_are_filtered_and_paged(twilio: Client, phones: Phones, product: Product) -> None:
    phones.mode(STRANGER, "busy")
    begun = datetime.now(UTC)
    first = place(twilio, product)
    place(twilio, product, to=STRANGER)
    latest = place(twilio, product)
    phones.wait(STRANGER, "ended")
    phones.wait(NOWAK, "ringing", sid=latest.sid)

    assert [call.sid for call in twilio.calls.list(to=NOWAK, start_time_after=begun)] == [latest.sid, first.sid]
    assert twilio.calls.list(start_time_after=begun + timedelta(minutes=1)) == []
    assert twilio.calls.list(start_time_before=begun - timedelta(minutes=1)) == []
    assert [call.to for call in twilio.calls.list(status="busy")] == [STRANGER]
    assert len(twilio.calls.list(page_size=1)) == 3
    assert len(twilio.calls.list(page_size=2, limit=2)) == 2

    text(twilio, product)
    text(twilio, product, to=STRANGER)
    assert len(twilio.messages.list(date_sent=begun)) == 2
    assert len(twilio.messages.list(to=STRANGER, date_sent_after=begun)) == 1
    assert twilio.messages.list(date_sent_before=begun - timedelta(minutes=1)) == []


# Callbacks on their way


def test_callbacks_can_be_doubled_and_lost(twilio: Client, phones: Phones, product: Product) -> None:
    phones.disturb_callbacks(duplicate=1)
    phones.mode(NOWAK, "busy")
    place(twilio, product)
    product.wait_for("/status", 4)
    assert statuses(product) == ["initiated", "initiated", "busy", "busy"]

    phones.disturb_callbacks(drop=1)
    after = phones.sequence
    place(twilio, product)
    phones.wait(NOWAK, "ended", after=after)
    assert [callback["error"] for callback in phones.calls()[1]["callbacks"]] == ["dropped", "dropped"]
    assert len(product.at("/status")) == 4


def test_callbacks_can_come_late_and_out_of_order(twilio: Client, phones: Phones, product: Product) -> None:
    phones.disturb_callbacks(delay=0.2, shuffle=0.3)
    phones.mode(NOWAK, "busy")
    started = time.monotonic()
    for _count in range(4):
        place(twilio, product)
    product.wait_for("/status", 8)
    assert time.monotonic() - started >= 0.2
    assert statuses(product) != ["initiated", "busy"] * 4


def test_an_unreachable_product_is_recorded(twilio: Client, phones: Phones) -> None:
    phones.mode(NOWAK, "busy")
    twilio.calls.create(to=NOWAK, from_=PROVIDER, twiml="<Response/>", status_callback="http://127.0.0.1:9/gone")
    phones.wait(NOWAK, "callback", contains="ConnectionError")
    callback = phones.calls()[0]["callbacks"][0]
    assert (callback["status"], callback["attempts"]) == (None, 5)


# Mail, log, pages, process


def test_mail_arrives(process: PhonesProcess, phones: Phones) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "portal@x.example", "oncall@nordhafen.example", "Störung"
    mail.set_content("Grüße\nhttp://127.0.0.1:8000/i/17/")
    mail.add_alternative("<p>Grüße</p>", subtype="html")
    with smtplib.SMTP("127.0.0.1", process.smtp_port) as smtp:
        smtp.send_message(mail)
    phones.wait("oncall@nordhafen.example", "mail", contains="Störung")
    received = phones.mails(to="OnCall@nordhafen.example")[0]
    assert (received["subject"], received["html"]) == ("Störung", "<p>Grüße</p>")
    assert received["text"].startswith("Grüße")
    assert phones.mails(to="other@x.example") == []
    page = requests.get(f"{process.url}/phone/{NOWAK}", timeout=5).text
    assert 'href="http://127.0.0.1:8000/i/17/"' in page


def test_waiting_ends_and_the_log_goes_on_after_a_reset(twilio: Client, phones: Phones, product: Product) -> None:
    with pytest.raises(NothingHappenedError):
        phones.wait(NOWAK, "ringing", timeout=0.1)
    place(twilio, product)
    seen = phones.wait(NOWAK, "ringing")["seq"]
    assert phones.reset() > seen
    assert phones.calls() == []
    assert [event["event"] for event in phones.events(after=seen)] == ["reset"]
    with pytest.raises(NothingHappenedError):
        phones.wait(NOWAK, "ended", timeout=0.3)
    assert "no-answer" not in statuses(product)


def test_other_sites_cannot_use_the_phones(process: PhonesProcess, phones: Phones) -> None:
    del phones
    url = f"{process.url}/control/reset"
    assert requests.post(url, headers={"Sec-Fetch-Site": "cross-site"}, timeout=5).status_code == 403
    assert requests.post(url, headers={"Host": "evil.example"}, timeout=5).status_code == 400


def test_the_pages_speak_the_language_of_the_browser(process: PhonesProcess, twilio: Client, phones: Phones) -> None:
    del phones
    twilio.messages.create(to=STRANGER, from_=PROVIDER, body="<b>hello</b>")
    german = requests.get(process.url, headers={"Accept-Language": "de-DE,de;q=0.9,en;q=0.8"}, timeout=5)
    english = requests.get(process.url, headers={"Accept-Language": "fr,en;q=0.8,de;q=0.1"}, timeout=5)
    assert "Auflegen" not in german.text
    assert "Telefon suchen" in german.text
    assert "Find a phone" in english.text
    assert "Marek Nowak" in english.text
    assert STRANGER in english.text
    assert "<b>hello" not in english.text
    assert "unsafe" not in english.headers["Content-Security-Policy"]


def test_the_process_ends_at_once_even_with_calls_under_way(product: Product) -> None:
    phones = start_phones(account_sid=ACCOUNT, auth_token=TOKEN)
    twilio = Client(ACCOUNT, TOKEN, http_client=LocalHttpClient(phones.url))
    place(twilio, product, timeout=600)
    phones.client.wait(NOWAK, "ringing")
    with requests.get(f"{phones.url}/events", stream=True, timeout=5):
        started = time.monotonic()
        phones.stop()
        assert time.monotonic() - started < 2.5
    with pytest.raises(ProcessLookupError):
        os.killpg(phones.pid, 0)
