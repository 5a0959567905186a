"""A drawing of an incident's chain: who was called and whether they answered, who is next and when, and what then.

What is to come is the rest of the very walk that the pager takes from where the chain stands.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from matrix import labels
from matrix.content import PriorityContent
from matrix.terms import Role, Route
from routing.course import ALARM_ROLES, Stop, course
from routing.decision import Link, PassedOver
from routing.gather import ProjectFacts
from routing.incidents.models import Incident
from routing.paging import escalating
from routing.paging.models import Delivery, Escalation, Page
from routing.wording import reason_text, warning_text

from .changes import Past
from .timeline import Attempt, attempt_of

PAGES = 60
"""How many of the latest pages are drawn; a chain that alarms for days has more, and the timeline has them all."""
RUNNING = (Escalation.State.DEFERRED, Escalation.State.RUNNING)

ANSWERS = {
    Page.State.OPEN: _("no answer yet"),
    Page.State.ACKNOWLEDGED: _("answered"),
    Page.State.PASSED_ON: _("passed on"),
    Page.State.INFORMED: _("informed"),
    Page.State.CLOSED: _("did not answer"),
}
TONES = {
    Page.State.OPEN: "under-way",
    Page.State.ACKNOWLEDGED: "good",
    Page.State.PASSED_ON: "bad",
    Page.State.INFORMED: "told",
    Page.State.CLOSED: "over",
}


@dataclass(frozen=True)
class Called:
    """Somebody of a link: whether they answered, and the messages to them. Who is only planned has none."""

    name: str
    answer: Promise | str = ""
    answered_at: datetime | None = None
    attempts: Sequence[Attempt] = ()


@dataclass(frozen=True)
class Step:
    """One link of the drawing. `passed`: why nobody is called there; `planned`: it comes unless somebody answers."""

    role: str
    at: datetime
    tone: str
    people: list[Called] = field(default_factory=list)
    reason: str = ""
    passed: str = ""
    planned: bool = False
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class Round:
    """The links of one round, in the order in which they were called."""

    number: int
    steps: Sequence[Step]


@dataclass(frozen=True)
class Drawing:
    """`rounds` are over, `steps` are those of this one: called, then planned. `next` is called at `next_at`.

    `ends_at` is when the round is over if nobody answers; `then` says what comes after it.
    """

    state: str
    round: int
    rounds: Sequence[Round]
    steps: Sequence[Step]
    next: str = ""
    next_at: datetime | None = None
    then: Promise | str = ""
    ends_at: datetime | None = None


def escalation_of(incident: Incident) -> Escalation | None:
    """The incident's chain, which carries the incident; None where none was started."""
    try:
        return incident.escalation
    except Escalation.DoesNotExist:
        return None


def drawing_of(
    escalation: Escalation,
    known: ProjectFacts | None,
    pinned: Mapping[str, PriorityContent],
    past: Past,
    *,
    now: datetime,
) -> Drawing:
    """The chain for the provider's people. `known` are the project's facts, needed while it runs; `pinned` is what
    the matrix says under which the incident was reported; `past` tells who was passed over.
    """
    done = _rounds(escalation, past)
    # An alarm counts its rounds on before it calls: what is drawn is the one that has called somebody.
    exhausted = escalation.state == Escalation.State.EXHAUSTED
    number = done[-1].number if exhausted and done else escalation.round
    drawing = Drawing(
        state=escalation.get_state_display(),
        round=number,
        rounds=[each for each in done if each.number != number],
        steps=[step for each in done if each.number == number for step in each.steps],
    )
    if escalation.state in RUNNING and known is not None:
        facts = escalating.facts_of(escalation.incident, known, pinned)
        # What is due already is drawn as of then: so the drawing stays the same until the tick has done it.
        at = min(now, escalation.due_at or now)
        walk = list(course(facts, escalating.cursor_of(escalation, at), escalation.incident.respond_by))
        return _with_rest(drawing, escalation, walk)
    if escalation.due_at is not None:
        role = ALARM_ROLES[escalation.step % len(ALARM_ROLES)]
        return replace(drawing, next=str(labels.ROLE[role]), next_at=escalation.due_at)
    return drawing


# --- What is to come ------------------------------------------------------------------------------------------


def _with_rest(drawing: Drawing, escalation: Escalation, walk: list[Stop]) -> Drawing:
    planned = [_planned(stop) for stop in walk if isinstance(stop.event, Link | PassedOver)]
    place = next((place for place, step in enumerate(planned) if not step.passed), None)
    coming = planned[place] if place is not None else None
    if coming is not None and place is not None:
        planned[place] = replace(coming, tone="next")
    return replace(
        drawing,
        steps=[*drawing.steps, *planned],
        next=coming.role if coming else "",
        next_at=coming.at if coming else escalation.due_at,
        then=_("the chain begins again") if escalation.rounds_left else _("the portal raises an alarm"),
        ends_at=walk[-1].at,
    )


def _planned(stop: Stop) -> Step:
    warnings = [warning_text(code) for code in stop.warnings]
    match stop.event:
        case Link() as link:
            # Who only is told of it is not waited for.
            answer = _("is only informed") if link.informs else ""
            people = [Called(callee.name, answer) for callee in link.people]
            reason = _reasons(link.reason, link.timing)
            return Step(_role(link.role), stop.at, "planned", people, reason, planned=True, warnings=warnings)
        case PassedOver() as passed:
            reason = reason_text(passed.reason)
            people = [Called(passed.name)] if passed.name else []
            return Step(_role(passed.role), stop.at, "passed", people, passed=reason, planned=True, warnings=warnings)
    raise AssertionError("only links and those passed over are planned")


def _reasons(*codes: str | None) -> str:
    return "; ".join(reason_text(code) for code in codes if code)


def _role(role: str) -> str:
    return str(labels.ROLE[Role(role)])


# --- What has been --------------------------------------------------------------------------------------------


def _rounds(escalation: Escalation, past: Past) -> list[Round]:
    """The rounds so far: who was called, and who was passed over."""
    pages = list(escalation.pages.order_by("-pk")[:PAGES])[::-1]
    sent = _sent_for(pages)
    steps: dict[int, dict[tuple[object, ...], Step]] = {}
    for page in pages:
        key = (page.route, page.step, page.created_at)
        step = steps.setdefault(page.round, {}).setdefault(key, _called(page))
        answer = ANSWERS[Page.State.INFORMED if page.informs else Page.State(page.state)]
        step.people.append(Called(page.name, answer, page.answered_at, sent.get(page.pk, [])))
    for number, step in _passed_over(past, pages):
        steps.setdefault(number, {})[object(),] = step
    return [Round(number, _in_order(some.values())) for number, some in sorted(steps.items())]


def _in_order(steps: Iterable[Step]) -> list[Step]:
    """By time; who was passed over stands before whom the chain called instead."""
    return sorted(steps, key=lambda step: (step.at, not step.passed))


def _called(page: Page) -> Step:
    """Beside the chain there are those told or called in, whom no step of the matrix names."""
    named = page.route in [*Route, Page.ALARM_ROUTE]
    reason = _reasons(page.decision.get("reason"), page.decision.get("timing")) if named else ""
    tone = TONES[Page.State.INFORMED if page.informs else Page.State(page.state)]
    role = _role(page.role) if named else page.get_route_display()
    return Step(role, page.created_at, tone, reason=reason)


def _sent_for(pages: list[Page]) -> dict[int, list[Attempt]]:
    """Page id → the messages that told of it; what told them that it is taken stands in the timeline."""
    of_pages = {page.pk: page for page in pages}
    rows = Delivery.pages.through.objects.filter(page__in=of_pages, delivery__kind=Delivery.Kind.PAGE)
    found: dict[int, list[Attempt]] = {}
    for row in rows.select_related("delivery").order_by("delivery"):
        found.setdefault(row.page_id, []).append(attempt_of(of_pages[row.page_id], row.delivery))
    return found


def _passed_over(past: Past, pages: list[Page]) -> Iterable[tuple[int, Step]]:
    """Beside the number of the round: that of what was called at the same instant, else of what was called before."""
    for at, data in past.passed_over:
        same = [page.round for page in pages if page.created_at == at]
        before = [page.round for page in pages if page.created_at < at]
        people = [Called(data["name"])] if data.get("name") else []
        step = Step(_role(data["role"]), at, "passed", people, passed=reason_text(data["reason"]))
        yield (same or before[-1:] or [1])[0], step
