"""How I am reached: my numbers, my rules, a test page to myself. Everybody of the provider sees only their own."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from matrix.terms import Channel
from portal import clock
from portal.models import Person
from routing.pages.requests import PageRequest, page, polled, staff_only
from routing.paging import methods
from routing.paging.addresses import Listed, listed
from routing.paging.models import ContactMethod
from routing.paging.rules import Rule, set_rules

from . import queries
from .forms import SUGGESTED, CodeForm, MethodForm, RulesForm
from .preview import course_of
from .queries import LATEST
from .wording import outcome, reason


@polled
@staff_only
def reach(request: PageRequest) -> HttpResponse:
    """The whole page, or its moving part: what became of the last messages."""
    if request.htmx:
        return render(request, "reach/reach.html#moving", _moving(request.user, clock.now()))
    return _show(request)


def _show(
    request: PageRequest, *, method_form: MethodForm | None = None, rules_form: RulesForm | None = None
) -> HttpResponse:
    """The page; a form is one that was not understood."""
    now = clock.now()
    person = listed({request.user.pk})[request.user.pk]
    context = {
        **_moving(request.user, now),
        **_preview(request.user, person, person.rules, now),
        "methods": [(each, reason(each.error) if each.error else "") for each in queries.methods_of(request.user)],
        "method_form": method_form or MethodForm(),
        "rules_form": rules_form or RulesForm(rules=person.rules),
        "has_rules": bool(person.rules),
    }
    return render(request, "reach/reach.html", context, status=400 if method_form or rules_form else 200)


def _moving(person: Person, now: datetime) -> dict[str, Any]:
    tested = queries.last_test(person, now=now)
    latest = queries.latest_messages(person)
    return {
        "now": now,
        "tested": [(each, outcome(each)) for each in tested],
        "latest": [(each, outcome(each)) for each in latest],
        "most": LATEST,
        "moves": queries.is_moving(tested),
    }


def _preview(reader: Person, person: Listed, rules: Sequence[Rule], now: datetime) -> dict[str, Any]:
    return {"courses": [course_of(kind, person, rules) for kind in queries.steps_for(reader, now=now)]}


# --- Rules --------------------------------------------------------------------------------------------------------


@require_POST
@page
@staff_only
def rules(request: PageRequest) -> HttpResponse:
    """Keep the rules as they are ticked, or those suggested."""
    if "suggested" in request.POST:
        wanted: Sequence[Rule] = SUGGESTED
    else:
        form = RulesForm(request.POST, rules=listed({request.user.pk})[request.user.pk].rules)
        if not form.is_valid():
            return _show(request, rules_form=form)
        wanted = form.rules()
    set_rules(request.user, wanted)
    messages.success(request, _("Saved. This is how you are paged from now on."))
    return redirect("reach")


@require_GET
@page
@staff_only
def preview(request: PageRequest) -> HttpResponse:
    """What would happen by the rules that are ticked, which are not saved yet."""
    person = listed({request.user.pk})[request.user.pk]
    form = RulesForm(request.GET, rules=person.rules)
    wanted = form.rules() if form.is_valid() else person.rules
    return render(request, "reach/preview.html", _preview(request.user, person, wanted, clock.now()))


# --- The test page --------------------------------------------------------------------------------------------------


@require_POST
@page
@staff_only
def test(request: PageRequest) -> HttpResponse:
    """A quiet page to oneself, by every way that is usable; nobody else is told."""
    try:
        sent = methods.send_test(request.user, now=clock.now())
    except methods.TooSoon as refused:
        messages.warning(request, _("One test a minute: the next may begin at %(at)s.") % {"at": _at(refused)})
    else:
        if not sent:
            messages.error(request, _("There is nothing to test: none of your ways is verified."))
    return redirect("reach")


def _at(refused: methods.TooSoon) -> str:
    return date_format(localtime(refused.again_at), "H:i:s")


# --- Methods --------------------------------------------------------------------------------------------------------


@require_POST
@page
@staff_only
def add(request: PageRequest) -> HttpResponse:
    """A new way; a code is on its way to it at once."""
    form = MethodForm(request.POST)
    if not form.is_valid():
        return _show(request, method_form=form)
    try:
        added = methods.add_method(request.user, Channel(form.cleaned_data["channel"]), form.cleaned_data["address"])
    except methods.Refused as refused:
        form.add_error("address", _why_not_added(refused))
        return _show(request, method_form=form)
    return _send_code(request, added)


def _why_not_added(refused: methods.Refused) -> str:
    if isinstance(refused, methods.KnownAlready):
        return _("You have this one already.")
    if isinstance(refused, methods.TooMany):
        return _("You have as many as one may have. Remove one that is not used any more.")
    return _("This is neither a phone number nor an e-mail address, whichever is needed here.")


def _own(request: PageRequest, pk: int) -> ContactMethod:
    return get_object_or_404(ContactMethod.objects.select_related("person"), person=request.user, pk=pk)


def _send_code(request: PageRequest, method: ContactMethod) -> HttpResponse:
    try:
        methods.send_code(method, now=clock.now())
    except methods.TooSoon as refused:
        messages.warning(request, _("Codes are sent sparingly: the next may be sent at %(at)s.") % {"at": _at(refused)})
    return redirect("reach_method", method.pk)


@polled
@staff_only
def method(request: PageRequest, pk: int) -> HttpResponse:
    """One way that is not usable yet: enter its code, and see whether the code arrives."""
    own = _own(request, pk)
    if own.verified_at and not own.disabled_at:
        return redirect("reach")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            methods.verify(own, form.cleaned_data["code"], now=clock.now())
        except methods.WrongCode:
            form.add_error("code", _("This is not the code that was sent last, or it is not valid any more."))
        else:
            messages.success(request, _("Verified: from now on you can be paged this way."))
            return redirect("reach")
    return _show_method(request, own, form)


def _show_method(request: PageRequest, own: ContactMethod, form: CodeForm) -> HttpResponse:
    now = clock.now()
    context: dict[str, Any] = {"now": now, "method": own, "form": form}
    if sent := own.codes.select_related("delivery").first():
        context |= {
            "sent": sent,
            "outcome": outcome(sent.delivery),
            "moves": queries.is_moving([sent.delivery]),
            "valid": now < sent.expires_at and sent.tries < methods.MAX_TRIES,
            "tries_left": methods.MAX_TRIES - sent.tries,
        }
    template = "reach/method.html#sent" if request.htmx else "reach/method.html"
    return render(request, template, context, status=400 if form.is_bound else 200)


@require_POST
@page
@staff_only
def code(request: PageRequest, pk: int) -> HttpResponse:
    """Send a code, the first or another."""
    return _send_code(request, _own(request, pk))


@require_POST
@page
@staff_only
def remove(request: PageRequest, pk: int) -> HttpResponse:
    """Forget a way."""
    return _take_away(request, lambda: methods.remove(_own(request, pk)), done=_("Removed."))


@require_POST
@page
@staff_only
def disable(request: PageRequest, pk: int) -> HttpResponse:
    """Keep a way, but be paged by it no more until it is verified again."""
    own = _own(request, pk)
    return _take_away(request, lambda: methods.disable(own, now=clock.now()), done=_("Switched off."))


def _take_away(request: PageRequest, change: Callable[[], None], *, done: str) -> HttpResponse:
    try:
        change()
    except methods.LastUsable:
        messages.error(
            request, _("Nothing was changed: this is the only way by which you can be paged. Verify another one first.")
        )
    else:
        messages.success(request, done)
    return redirect("reach")
