"""What an answer by text means."""

import pytest

from routing.telephony.replies import Reply, parse


@pytest.mark.parametrize(
    ("body", "meant"),
    [
        ("1", Reply(True, ())),
        ("1 17", Reply(True, (17,))),
        ("  1\n17 ", Reply(True, (17,))),
        ("1, 17, 18", Reply(True, (17, 18))),
        ("1 #17", Reply(True, (17,))),
        ("JA 17!", Reply(True, (17,))),
        ("Ok.", Reply(True, ())),
        ("2", Reply(False, ())),
        ("2 17", Reply(False, (17,))),
        ("Weiter 17", Reply(False, (17,))),
    ],
)
def test_answers(body: str, meant: Reply) -> None:
    assert parse(body) == meant


@pytest.mark.parametrize(
    "body", ["", " ", "17", "117", "3", "1x", "1 x", "1 17 bitte", "STOP", "nein", "\x00", "1 123456"]
)
def test_no_answers(body: str) -> None:
    assert parse(body) is None
