"""What a delivery says."""

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from demo.phones.callbacks import segments
from matrix.terms import Priority
from routing.paging import messages
from routing.paging.messages import Matter

BASE = "https://portal.nordhafen.example"


def matter(number: int = 17, **changes: object) -> Matter:
    fields: dict[str, object] = {
        "code": number,
        "token": "a" * 16,
        "number": str(number),
        "project": "webshop",
        "priority": Priority.BLOCKER,
        "title": "HTTP 503 auf allen Fronten",
        "asks": True,
        "informs": False,
    }
    return Matter(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _english() -> None:
    translation.activate("en")


def test_a_text() -> None:
    assert messages.sms_text([matter()], base_url=BASE) == (
        "BLOCKER webshop #17: HTTP 503 auf allen Fronten 1 17=yes 2 17=next "
        "https://portal.nordhafen.example/a/aaaaaaaaaaaaaaaa/"
    )


@given(st.text(min_size=1, max_size=200), st.integers(min_value=1, max_value=99999))
def test_a_text_is_one_segment_whatever_the_title(title: str, number: int) -> None:
    text = messages.sms_text([matter(number, title=title)], base_url=BASE)
    assert segments(text) == 1
    assert f"1 {number}=yes 2 {number}=next {BASE}/a/{'a' * 16}/" in text
    assert text.startswith(f"BLOCKER webshop #{number}")


def test_a_long_title_is_cut() -> None:
    text = messages.sms_text([matter(title="x" * 200)], base_url=BASE)
    assert len(text) == 160
    assert "xx.. 1 17=yes" in text


@given(st.integers(2, 300), st.sampled_from([1, 900, 30000]), st.sampled_from(["a", "webshop", "x" * 50]))
def test_several_are_one_segment_however_many(count: int, first: int, project: str) -> None:
    found = [matter(number, project=project) for number in range(first, first + count)]
    text = messages.sms_text(found, base_url=BASE)
    assert segments(text) == 1
    assert text.startswith(f"{count} alerts")
    assert text.endswith(f"{BASE}/a/{'a' * 16}/")
    # Either every code is there, or the word that answers all of them.
    codes = " ".join(str(each.code) for each in found)
    assert f"1 {codes}=yes 2 {codes}=next" in text or "1 all=yes 2 all=next" in text


def test_those_without_room_are_counted() -> None:
    text = messages.sms_text([matter(number) for number in range(10000, 10020)], base_url=BASE)
    assert text.startswith("20 alerts: BLOCKER webshop #10000, BLOCKER webshop #10001 and 18 more 1 all=yes 2 all=next")


def test_several_who_are_informed_read_no_code() -> None:
    text = messages.sms_text([matter(asks=False, informs=True)] * 30, base_url=BASE)
    assert text.startswith("For your information, no answer needed: 30 alerts: BLOCKER webshop #17")
    assert "=yes" not in text
    assert segments(text) == 1


def test_a_call_counts_them_and_tells_the_first() -> None:
    told = messages.spoken([matter(number) for number in range(1, 9)], name="Marek Nowak")
    assert told.startswith("Direktdraht for Marek Nowak. 8 alerts. Blocker in project webshop, incident 1:")
    assert told.endswith("incident 5: HTTP 503 auf allen Fronten. and 3 more.")


def test_several_in_one_text() -> None:
    text = messages.sms_text([matter(17), matter(18, project="cms")], base_url=BASE)
    assert text.startswith("2 alerts: BLOCKER webshop #17, BLOCKER cms #18 1 17 18=yes 2 17 18=next https")


def test_who_is_informed_sees_no_code() -> None:
    text = messages.sms_text([matter(asks=False, informs=True)], base_url=BASE)
    assert text.startswith("For your information, no answer needed: BLOCKER webshop #17: HTTP")
    assert "=yes" not in text
    assert text.endswith("/a/aaaaaaaaaaaaaaaa/")
    assert segments(text) == 1


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"taken_by": "Sophie Krüger"}, "webshop #17: taken by Sophie Krüger"),
        ({"ended": True, "ended_by": "monitoring"}, "webshop #17: resolved by monitoring"),
        ({"ended": True}, "webshop #17: resolved"),
        ({"ended": True, "ended_by": "Lukas Desk", "merged_into": "12"}, "webshop #17 goes on as #12"),
        ({}, "webshop #17: no answer needed any more"),
    ],
)
def test_stand_down(changes: dict[str, object], text: str) -> None:
    assert messages.stand_down_text([matter(17, asks=False, **changes)]) == text


def test_a_call_for_what_was_merged_says_where_it_goes_on() -> None:
    merged = matter(17, asks=False, ended=True, merged_into="12")
    assert messages.spoken_stand_down(merged) == "Incident 17 goes on as incident 12."
    assert "webshop #17 goes on as #12" in messages.stand_down_mail([merged], name="Marek")[1]


def test_a_mail() -> None:
    subject, body = messages.mail([matter()], name="Marek Nowak", base_url=BASE)
    assert subject == "BLOCKER webshop #17: HTTP 503 auf allen Fronten"
    assert "Hello Marek Nowak," in body
    assert f"{BASE}/a/{'a' * 16}/" in body


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("project", ["webshop", "x" * 50])
@pytest.mark.parametrize("base", [BASE, "https://direktdraht.rechenzentrum.nordhafen.example"])
def test_every_text_is_one_segment_in_both_languages(language: str, project: str, base: str) -> None:
    """The link is never cut, for half a link opens nothing."""
    translation.activate(language)
    title = "Größere Störung – “Bestellungen” brechen ab, seit heute früh …" * 3
    asks = matter(30000, project=project, title=title)
    tells = matter(30000, project=project, title=title, asks=False, informs=True)
    for text in (
        messages.sms_text([asks], base_url=base),
        messages.sms_text([tells], base_url=base),
        messages.sms_text([asks] * 12, base_url=base),
        messages.reminder_text([asks], base_url=base),
    ):
        assert segments(text) == 1, text
        assert text.endswith(f" {base}/a/{'a' * 16}/")
    alone = (messages.trial_text("Ł" * 120), messages.code_text("123456"), messages.stand_down_text([tells] * 9))
    assert [segments(text) for text in alone] == [1, 1, 1]
