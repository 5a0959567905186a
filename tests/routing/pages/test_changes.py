"""What each line of a timeline changed follows from the lines before it. Pure."""

from typing import Any

from routing.pages.changes import State, fold


def story(*lines: tuple[str, str, dict[str, Any]]) -> list[tuple[State, State]]:
    """Before and after of each line, given as kind, who did it, and its data."""
    rows = [(key, kind, person, "", data) for key, (kind, person, data) in enumerate(lines)]
    steps = fold(rows).steps
    return [steps[key] for key in range(len(lines))]


def test_status_and_assignee_are_carried_on() -> None:
    reported, taken, started, passed = story(
        ("reported", "Alice", {}), ("acknowledged", "Marek", {}), ("started", "Marek", {}), ("passed_on", "Marek", {})
    )
    assert reported == (State(), State("new"))
    assert taken == (State("new"), State("acknowledged", "Marek"))
    assert started == (State("acknowledged", "Marek"), State("in_progress", "Marek"))
    assert passed == (State("in_progress", "Marek"), State("new"))


def test_who_resolves_what_nobody_has_has_it() -> None:
    assert story(("reported", "", {}), ("resolved", "Lukas", {}))[1][1] == State("resolved", "Lukas")
    taken = story(("acknowledged", "Marek", {}), ("resolved", "Lukas", {}))
    assert taken[1][1] == State("resolved", "Marek")


def test_a_team_has_what_it_was_given_and_not_whoever_gave_it() -> None:
    given, acknowledged = story(
        ("reported", "Alice", {}),
        ("assigned", "Lukas", {"assignee": "Platform"}),
        ("acknowledged", "Lukas", {"via": "assignment"}),
    )[1:]
    assert given == (State("new"), State("new", "Platform"))
    assert acknowledged == (State("new", "Platform"), State("acknowledged", "Platform"))


def test_what_is_taken_back_is_as_it_was_before_that() -> None:
    steps = story(
        ("reported", "", {}),
        ("acknowledged", "Marek", {}),
        ("assigned", "Marek", {"assignee": "Jana"}),
        ("resolved", "Jana", {}),
        ("undone", "Jana", {"what": "resolve"}),
        ("undone", "Jana", {"what": "assign"}),
    )
    assert steps[4] == (State("resolved", "Jana"), State("acknowledged", "Jana"))
    assert steps[5] == (State("acknowledged", "Jana"), State("acknowledged", "Marek"))


def test_what_is_not_known_changes_nothing() -> None:
    steps = story(("acknowledged", "Marek", {}), ("undone", "Marek", {"what": "something else"}))
    assert steps[1] == (State("acknowledged", "Marek"), State("acknowledged", "Marek"))
