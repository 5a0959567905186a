"""Swaps of duty as pages show them, and the views to ask, look, accept, decline and withdraw."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from psycopg2.extras import DateTimeTZRange

from oncall.models import Swap, SwapRequest
from oncall.queries import bounds, members_of
from oncall.swaps import SwapOver, SwapRefused, against, changes_of
from oncall.turns import Objection
from portal import clock
from portal.models import Person
from routing.pages.requests import PageRequest, page, staff_only
from routing.presentation import person_for

from . import services
from .forms import SwapForm
from .shifts import find_shift, gather_rosters, returns

LATELY = 10
"""So many swaps that are over stay on the page."""

OBJECTIONS: dict[Objection, str | Promise] = {
    Objection.NOT_HELD: gettext_lazy("The roster has changed: the duty is no longer whose it was."),
    Objection.BOTH_LINES: gettext_lazy("Nobody can hold both lines at once."),
    Objection.TWO_ROTAS: gettext_lazy("Nobody can be on duty on two rotas at once."),
    Objection.AWAY: gettext_lazy("Whoever would take the duty is away then."),
    Objection.MOVES_OTHERS: gettext_lazy("Somebody else's duty would move with it. An administrator can arrange this."),
}
OVER: dict[str, str | Promise] = {
    Swap.State.ASKED: gettext_lazy("You have asked about this duty already. Withdraw that request first."),
    Swap.State.ACCEPTED: gettext_lazy("Somebody was faster: the duty is taken already."),
    Swap.State.DECLINED: gettext_lazy("This request is declined."),
    Swap.State.WITHDRAWN: gettext_lazy("The request was withdrawn."),
    Swap.State.EXPIRED: gettext_lazy("It is too late: the duty has begun."),
}


@dataclass(frozen=True, slots=True)
class Move:
    """One duty that changes hands; `to` is empty while nobody has accepted."""

    line: str
    start: datetime
    end: datetime
    of: str
    to: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A swap as its reader sees it. `asked` are those who have not answered, `declined` those who have."""

    swap: Swap
    moves: tuple[Move, ...]
    asked: tuple[str, ...]
    declined: tuple[str, ...]
    mine: bool
    open: bool
    answerable: bool


def swaps_of(reader: Person, *, now: datetime) -> dict[str, Any]:
    """What the reader is asked, has asked, and what came of the latest."""
    requests = Prefetch("requests", SwapRequest.objects.select_related("person"))
    rows = Swap.objects.visible_to(reader).select_related("rota", "asked_by", "accepted_by").prefetch_related(requests)
    shown = [_shown(swap, reader, now) for swap in rows.filter(state=Swap.State.ASKED)]
    over = [_shown(swap, reader, now) for swap in rows.exclude(state=Swap.State.ASKED)[:LATELY]]
    return {
        "to_answer": [each for each in shown if each.answerable],
        "own_swaps": [each for each in shown if each.mine and each.open],
        "over_swaps": [*(each for each in shown if not each.open), *over],
    }


def _shown(swap: Swap, reader: Person, now: datetime) -> Shown:
    def name(person: Person | None) -> str:
        found = person_for(person, reader)
        return found["name"] if found else ""

    requests = list(swap.requests.all())
    waiting = [request for request in requests if request.declined_at is None]
    taker = swap.accepted_by or (requests[0].person if len(requests) == 1 else None)
    moves = [Move(swap.line, *bounds(swap.gives), name(swap.asked_by), name(taker))]
    if swap.takes is not None:
        moves.append(Move(swap.takes_line, *bounds(swap.takes), name(taker), name(swap.asked_by)))
    is_open = swap.state == Swap.State.ASKED and swap.expires_at > now
    return Shown(
        swap=swap,
        moves=tuple(moves),
        asked=tuple(name(request.person) for request in waiting),
        declined=tuple(name(request.person) for request in requests if request.declined_at),
        mine=swap.asked_by_id == reader.pk,
        open=is_open,
        answerable=is_open and any(request.person_id == reader.pk for request in waiting),
    )


# --- Asking ---------------------------------------------------------------------------------------------------


@page
@staff_only
def new(request: PageRequest) -> HttpResponse:
    """Give one of my shifts away, or a part of it: `?shift=` names it."""
    now = clock.now()
    known = gather_rosters(request.user, now=now)
    key = request.GET.get("shift", "")
    found = find_shift(known, request.user, key)
    if found is None:
        raise Http404
    rota, turn = found
    members = [person for person in members_of(rota, known_at=now) if person.pk != request.user.pk]
    form = SwapForm(
        request.POST if request.method == "POST" else None,
        turn=turn,
        now=now,
        members=members,
        returns=returns(known, rota, request.user),
    )
    if request.method == "POST" and form.is_valid():
        swap = _ask(form, rota_turn=found, by=request.user, now=now)
        if swap is not None:
            messages.success(request, _("They are told by e-mail. You hear of it as soon as somebody accepts."))
            return redirect("swap", swap.pk)
    context = {"now": now, "rota": rota, "turn": turn, "form": form, "members": members, "key": key}
    return render(request, "duty/swap_new.html", context, status=400 if form.is_bound else 200)


def _ask(form: SwapForm, *, rota_turn: Any, by: Person, now: datetime) -> Swap | None:
    rota, turn = rota_turn
    given, taken = form.cleaned_data, form.taken
    try:
        return services.ask(
            rota,
            turn.line,
            DateTimeTZRange(given["begins"], given["ends"]),
            of=form.asked,
            by=by,
            now=now,
            takes_line=taken.line if taken else None,
            takes=DateTimeTZRange(given["takes_from"], given["takes_until"]) if taken else None,
            note=given["note"],
        )
    except (SwapOver, SwapRefused) as error:
        for reason in reasons(error):
            form.refuse(reason)
        return None


def reasons(error: SwapOver | SwapRefused) -> list[str]:
    """Why not, as its reader can understand it."""
    if isinstance(error, SwapOver):
        return [str(OVER[Swap.State(error.state)])]
    return [str(OBJECTIONS[objection]) for objection in error.objections]


# --- Answering ------------------------------------------------------------------------------------------------


@page
@staff_only
def detail(request: PageRequest, pk: int) -> HttpResponse:
    """What would change, before anybody accepts; and what came of it."""
    now = clock.now()
    shown = _shown(_swap(request.user, pk), request.user, now)
    objections: list[str] = []
    if shown.answerable:
        changes = changes_of(shown.swap, request.user)
        found = against({request.user.pk: changes}, known_at=now)[request.user.pk]
        objections = [str(OBJECTIONS[objection]) for objection in found]
    context = {"now": now, "shown": shown, "swap": shown.swap, "objections": objections}
    return render(request, "duty/swap.html", context)


@require_POST
@page
@staff_only
def accept(request: PageRequest, pk: int) -> HttpResponse:
    """I take it: the roster follows at once."""
    swap = _swap(request.user, pk)
    return _answered(
        request,
        swap,
        lambda: services.accept(swap, by=request.user, now=clock.now()),
        _("The duty is yours. The roster shows it already."),
    )


@require_POST
@page
@staff_only
def decline(request: PageRequest, pk: int) -> HttpResponse:
    """I do not take it."""
    swap = _swap(request.user, pk)
    return _answered(
        request, swap, lambda: services.decline(swap, by=request.user, now=clock.now()), _("You have declined.")
    )


@require_POST
@page
@staff_only
def withdraw(request: PageRequest, pk: int) -> HttpResponse:
    """I keep it after all."""
    swap = get_object_or_404(Swap.objects.select_related("rota", "asked_by"), pk=pk, asked_by=request.user)
    return _answered(
        request,
        swap,
        lambda: services.withdraw(swap, now=clock.now()),
        _("The request is withdrawn. You keep the duty."),
    )


def _swap(reader: Person, pk: int) -> Swap:
    found = Swap.objects.visible_to(reader).select_related("rota", "asked_by", "accepted_by")
    return get_object_or_404(found, pk=pk)


def _answered(request: PageRequest, swap: Swap, answer: Callable[[], Swap], done: str) -> HttpResponse:
    try:
        answer()
    except (SwapOver, SwapRefused) as error:
        messages.error(request, " ".join([_("Nothing was changed."), *reasons(error)]))
    else:
        messages.success(request, done)
    return redirect("swap", swap.pk)
