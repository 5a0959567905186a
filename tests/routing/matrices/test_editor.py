"""The matrix editor at its boundary: a draft is changed, checked, published, compared, taken back."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from matrix.drafts import begin
from matrix.models import Matrix, MatrixVersion
from portal import clock
from routing.incidents.models import Incident
from routing.paging.models import Delivery, Page
from tests.people import PRIVATE, World
from tests.routing.pages.helpers import as_person, queries, text

HOME = "/administration/matrices/"


@pytest.fixture
def admin(world: World) -> Client:
    return as_person(world.admin)


@pytest.fixture
def draft(world: World) -> MatrixVersion:
    source = world.versions["webshop"]
    return begin(source.matrix, source=source, by=world.admin, now=clock.now())


def page_of(draft: MatrixVersion, part: str = "blocker/") -> str:
    return f"{HOME}drafts/{draft.pk}/{part}"


def form_of(response: Any) -> dict[str, Any]:
    """What a browser would send of the editor as it was shown."""
    data = response.context["form"].targets.data
    sent: dict[str, Any] = {key: data.getlist(key) for key in data if key not in ("do", "csrfmiddlewaretoken")}
    return sent | {"seen": response.context["seen"]}


def test_a_tightened_target_is_told_that_the_backup_comes_too_late(admin: Client, draft: MatrixVersion) -> None:
    shown = admin.get(page_of(draft))
    form = form_of(shown) | {"response": "30"}
    assert "Every chain holds its target" in text(shown)
    # Live: beside the form, before anything is saved.
    beside = text(admin.post(page_of(draft, "blocker/preview/"), form))
    assert "on-call engineer (backup) comes too late: called after 30 minutes" in beside
    assert "15 minutes after on-call engineer" in beside
    # Saved it can be, but not published without a word.
    assert admin.post(page_of(draft), form).status_code == 302
    refused = admin.post(page_of(draft, "publish/"), {"reason": "tighter", "seen": "1", "latest": "1"})
    assert refused.status_code == 400
    assert "accept here that their target may be missed" in text(refused)
    # One tap each takes over the proposals.
    for route in ("after_hours", "monitoring"):
        form = form_of(admin.post(page_of(draft), form | {"seen": "1", "do": f"take:{route}"}))
    assert form["after_hours-0-wait"] == ["15"]
    assert form["monitoring-0-wait"] == ["15"]
    saved = admin.post(page_of(draft), form, follow=True)
    assert "Every chain holds its target" in text(saved)
    published = admin.post(page_of(draft, "publish/"), {"reason": "tighter", "seen": "2", "latest": "1"}, follow=True)
    assert "Version 2 is published and in force" in text(published)
    draft.refresh_from_db()
    assert (draft.number, draft.reason, draft.accepted_findings) == (2, "tighter", [])


def test_a_broken_target_is_accepted_only_explicitly_and_on_record(
    world: World, admin: Client, draft: MatrixVersion
) -> None:
    admin.post(page_of(draft), form_of(admin.get(page_of(draft))) | {"response": "30"})
    sent = {"reason": "as the customer wants", "accept": "on", "seen": "1", "latest": "1"}
    assert admin.post(page_of(draft, "publish/"), sent).status_code == 302
    draft.refresh_from_db()
    assert {each["accepted_by"] for each in draft.accepted_findings} == {world.admin.pk}
    shown = text(admin.get(f"{HOME}versions/{draft.pk}/"))
    assert "the last answering link begins after 30 minutes" in shown
    assert "as the customer wants" in shown


def test_the_preview_is_the_resolvers_answer_and_calls_nobody(
    world: World, admin: Client, draft: MatrixVersion
) -> None:
    form = form_of(admin.get(page_of(draft)))
    shown = text(admin.post(page_of(draft, "blocker/preview/"), form))
    assert "On-call engineer, platform" in shown  # the customer's word for whoever is on duty
    assert world.oncall.name in shown  # the monitoring chain is the provider's own
    assert PRIVATE not in shown
    swapped = form | {"business_hours-row": ["1", "0", "2", "3"]}
    first = admin.post(page_of(draft, "blocker/preview/"), swapped).context["preview"]
    in_hours = next(card for column, card in first.cells if column.window == "business_hours")
    assert in_hours.first["role"] == "service_desk"
    incomplete = text(admin.post(page_of(draft, "blocker/preview/"), form | {"response": "soon"}))
    assert "Complete what is marked" in incomplete
    assert not any(model.objects.exists() for model in (Incident, Page, Delivery))  # type: ignore[attr-defined]
    assert MatrixVersion.objects.get(pk=draft.pk).revision == 0


def test_steps_are_moved_added_and_removed_without_a_script(admin: Client, draft: MatrixVersion) -> None:
    form = form_of(admin.get(page_of(draft)))

    def press(do: str, form: dict[str, Any]) -> dict[str, Any]:
        response = admin.post(page_of(draft), form | {"do": do})
        assert response.status_code == 200
        return form_of(response)

    assert press("up:after_hours:1", form)["after_hours-row"] == ["1", "0", "2"]
    assert press("up:after_hours:0", form)["after_hours-row"] == ["0", "1", "2"]
    assert press("down:after_hours:1", form)["after_hours-row"] == ["0", "2", "1"]
    assert press("remove:after_hours:1", form)["after_hours-row"] == ["0", "2"]
    assert press("add:after_hours", form)["after_hours-row"] == ["0", "1", "2", "3"]
    for nonsense in ("up", "up:nowhere:1", "take:after_hours", "explode:after_hours:1", "up:after_hours:77", ""):
        assert press(nonsense, form)["after_hours-row"] == ["0", "1", "2"], nonsense
    moved = press("up:after_hours:1", form)
    assert admin.post(page_of(draft), moved).status_code == 302
    roles = draft.cells.get(priority="blocker", route="after_hours").steps.order_by("position")
    assert list(roles.values_list("role", flat=True)) == ["on_call_backup", "on_call_primary", "escalation_manager"]


def test_nonsense_is_refused_with_what_to_do(admin: Client, draft: MatrixVersion) -> None:
    form = form_of(admin.get(page_of(draft)))
    cases: list[tuple[dict[str, Any], str]] = [
        ({"response": "0"}, "greater than or equal to 1"),
        ({"clock": "sundial"}, "valid choice"),
        ({"after_hours-row": []}, "Nobody in this chain is expected to answer"),
        ({"after_hours-row": ["2"]}, "Nobody in this chain is expected to answer"),
        ({"after_hours-0-channels": []}, "at least one way to reach them"),
        ({"after_hours-0-role": "plumber"}, "A step is not complete"),
        ({"after_hours-0-wait": "99999"}, "less than or equal to 1440"),
        ({"after_hours-handling": "ignore"}, "valid choice"),
    ]
    for change, said in cases:
        response = admin.post(page_of(draft), form | change)
        assert response.status_code == 400, change
        assert said in text(response), change
    assert MatrixVersion.objects.get(pk=draft.pk).revision == 0
    deferred = form | {"after_hours-handling": "defers", "after_hours-row": []}
    assert admin.post(page_of(draft), deferred).status_code == 302
    assert draft.cells.get(priority="blocker", route="after_hours").defers


def test_the_second_of_two_editors_sees_what_the_first_did_and_keeps_their_own(
    world: World, admin: Client, draft: MatrixVersion
) -> None:
    mine = form_of(admin.get(page_of(draft))) | {"resolution": "111"}
    theirs = form_of(admin.get(page_of(draft))) | {"response": "45"}
    elsewhere = form_of(admin.get(page_of(draft, "major/"))) | {"response": "77"}
    assert admin.post(page_of(draft), theirs).status_code == 302
    refused = admin.post(page_of(draft), mine)
    assert refused.status_code == 409
    shown = text(refused)
    assert "response 45 minutes instead of 1 hour" in shown
    assert world.admin.name in shown
    assert 'value="111"' in shown
    # A button pressed in between does not make the conflict forgotten.
    pressed = admin.post(page_of(draft), mine | {"do": "add:monitoring"})
    assert pressed.context["seen"] == 0
    # What was changed on another page is no conflict: both are kept.
    assert admin.post(page_of(draft, "major/"), elsewhere).status_code == 302
    terms = dict(draft.terms.values_list("priority", "response_minutes"))
    assert (terms["blocker"], terms["major"]) == (45, 77)
    # Knowing of it, the second may save.
    assert admin.post(page_of(draft), form_of(refused)).status_code == 302
    promised = draft.terms.get(priority="blocker")
    assert (promised.response_minutes, promised.resolution_minutes) == (60, 111)
    assert admin.post(page_of(draft), mine | {"seen": "garbage"}).status_code == 409


def test_words_and_titles_are_edited_in_both_languages(admin: Client, draft: MatrixVersion) -> None:
    words: dict[str, Any] = {
        "seen": "0",
        "definition_de": "Alles steht.",
        "definition_en": "Everything is down.",
        "examples_de": "eins\n\n zwei ",
        "examples_en": "one",
    }
    for window in ("business_hours", "after_hours"):
        words |= {
            f"{window}-required_way": "email",
            f"{window}-other_ways": ["phone", "email"],
            f"{window}-instruction_de": "Schreiben.",
            f"{window}-instruction_en": "Write.",
        }
    path = page_of(draft, "blocker/words/")
    assert "Meaning of blocker" in text(admin.get(path))
    assert admin.post(path, words | {"definition_de": " "}).status_code == 400
    assert admin.post(path, words).status_code == 302
    terms = draft.terms.get(priority="blocker")
    assert (terms.definition_de, terms.examples_de) == ("Alles steht.", ["eins", "zwei"])
    assert draft.reporting.get(priority="blocker", window="after_hours").ways == ["email", "phone"]
    assert draft.terms.get(priority="major").definition_de == "Bedeutung von major"
    assert admin.post(path, words | {"definition_de": "Anders."}).status_code == 409
    titles = {"title_de": "Neu", "title_en": "New", "seen": "1"}
    assert admin.post(page_of(draft, "titles/"), titles).status_code == 302
    assert "What publishing it would change" in text(admin.get(page_of(draft, "")))


def test_a_draft_is_discarded_only_when_confirmed_and_by_whoever_knows_it(admin: Client, draft: MatrixVersion) -> None:
    path = page_of(draft, "discard/")
    assert "Discard this draft" in text(admin.get(path))
    assert admin.post(path, {"seen": "7"}).status_code == 409
    form = form_of(admin.get(page_of(draft)))
    assert admin.post(path, {"seen": "0"}).status_code == 302
    late = admin.post(page_of(draft), form | {"response": "33"})
    assert late.status_code == 409
    assert "has been discarded meanwhile" in text(late)
    assert 'value="33"' in text(late)
    assert admin.post(page_of(draft, "publish/"), {"reason": "x", "seen": "0", "latest": "1"}).status_code == 409
    assert draft.pk not in MatrixVersion.objects.drafts().values_list("pk", flat=True)


def test_an_old_version_is_compared_and_published_again(world: World, admin: Client, draft: MatrixVersion) -> None:
    old = world.versions["webshop"]
    admin.post(page_of(draft), form_of(admin.get(page_of(draft))) | {"response": "50"})
    compared = text(admin.get(f"{HOME}compare/", {"one": old.pk, "other": draft.pk}))
    assert "Blocker: response 50 minutes instead of 1 hour" in compared
    assert "differs" in compared
    sent = {"reason": "tighter", "seen": "1", "latest": "1"}
    assert admin.post(page_of(draft, "publish/"), sent).status_code == 302
    again = f"{HOME}versions/{old.pk}/again/"
    assert "Blocker: response 1 hour instead of 50 minutes" in text(admin.get(again))
    # Who has not seen the latest version is shown it first.
    assert admin.post(again, {"reason": "back", "latest": "1"}).status_code == 409
    assert admin.post(again, {"latest": "2"}).status_code == 400
    assert admin.post(again, {"reason": "back", "latest": "2", "effective_from": "2020-01-01T00:00"}).status_code == 400
    assert admin.post(again, {"reason": "back", "latest": "2"}).status_code == 302
    latest = old.matrix.versions.get(number=3)
    assert latest.terms.get(priority="blocker").response_minutes == 60
    later = {"reason": "new year", "latest": "3", "effective_from": "2099-01-01T00:00"}
    assert "will come into force" in text(admin.post(again, later, follow=True))
    history = text(admin.get(f"{HOME}{old.matrix_id}/"))
    assert all(reason in history for reason in ("tighter", "back", "new year"))
    for path in ({"one": "x", "other": old.pk}, {"one": old.pk}, {"one": 10**12, "other": old.pk}):
        assert admin.get(f"{HOME}compare/", path).status_code == 404


def test_a_matrix_is_begun_from_usual_terms_a_template_or_another(world: World, admin: Client) -> None:
    template = {"name": "Gold", "source": ""}
    assert admin.post(f"{HOME}new/", {"source": ""}).status_code == 400
    begun = admin.post(f"{HOME}new/", template)
    assert begun.status_code == 302
    assert admin.post(f"{HOME}new/", template | {"name": "gold"}).status_code == 400
    matrix = Matrix.objects.get(name="Gold")
    draft = matrix.versions.get()
    assert "webshop" in text(admin.get(page_of(draft)))  # whose people the preview borrows
    form = form_of(admin.get(page_of(draft))) | {"shown_for": "kundenportal"}
    assert admin.post(page_of(draft, "blocker/preview/"), form).context["shown_for"] == world.kundenportal
    published = admin.post(page_of(draft, "publish/"), {"reason": "a start", "seen": "0", "latest": "0"})
    assert published.status_code == 302
    for source in (draft.pk, world.versions["webshop"].pk, ""):
        assert admin.post(f"{HOME}{matrix.pk}/drafts/", {"source": source}).status_code == 302
    admin.post(f"{HOME}{matrix.pk}/drafts/", {"source": "99999999"})
    assert matrix.versions.drafts().count() == 3


def test_only_administrators_and_constant_queries(world: World, admin: Client, draft: MatrixVersion) -> None:
    version = world.versions["webshop"]
    paths = [
        HOME,
        f"{HOME}new/",
        f"{HOME}{draft.matrix_id}/",
        f"{HOME}versions/{version.pk}/",
        f"{HOME}versions/{version.pk}/again/",
        f"{HOME}compare/?one={version.pk}&other={draft.pk}",
        *(page_of(draft, part) for part in ("", "titles/", "publish/", "discard/", "blocker/", "blocker/words/")),
    ]
    others = [as_person(each) for each in (world.alice, world.charlie, world.desk, world.sdm, world.oncall)]
    for path in paths:
        assert Client().get(path)["Location"].startswith("/accounts/login/"), path
        assert {each.get(path).status_code for each in others} == {404}, path
        assert admin.get(path).status_code == 200, path

    def counted() -> dict[str, int]:
        """Of the second visit: the first gathers the facts of the project, which the process then keeps."""
        return {path: min(queries(lambda path=path: admin.get(path)) for _visit in range(2)) for path in paths}  # type: ignore[misc]

    before = counted()
    for number in range(4):
        another = Matrix.objects.create(name=f"T{number}")
        begin(another, source=version, by=world.admin, now=clock.now())
        begin(draft.matrix, source=version, by=world.admin, now=clock.now())
    assert counted() == before
    assert max(before.values()) <= 20, before
    for guessed in (f"{HOME}99999/", f"{HOME}drafts/99999/", page_of(draft, "urgent/"), f"{HOME}versions/{draft.pk}/"):
        response: HttpResponse = admin.get(guessed)
        assert response.status_code == 404, guessed
