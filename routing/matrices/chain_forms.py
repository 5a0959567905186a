"""One priority's targets and chains as a form, whose steps are moved, added and shortened before anything is saved.

The rows of a chain stand in the order in which their keys are sent, so a script that moves a row need not number it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from matrix import labels
from matrix.content import CellContent, PriorityContent, StepContent, TermsContent
from matrix.sla import Clock
from matrix.terms import Channel, Role, Route

MOST_STEPS = 8
LONGEST = 30 * 24 * 60
"""Minutes."""
LONGEST_WAIT = 24 * 60
LONGEST_RING = 180
"""Seconds."""
NEW_STEP_WAIT = 15

RUNS, HELD, DEFERS, SHARED = "runs", "held", "defers", "shared"
HANDLING = {
    Route.BUSINESS_HOURS: [(RUNS, gettext_lazy("this chain is called"))],
    Route.AFTER_HOURS: [
        (RUNS, gettext_lazy("this chain is called")),
        (DEFERS, gettext_lazy("waits for the next opening, then the chain of business hours")),
    ],
    Route.MONITORING: [
        (RUNS, gettext_lazy("this chain is called at any hour")),
        (HELD, gettext_lazy("this chain is called, outside business hours from the next opening on")),
        (SHARED, gettext_lazy("the same chains as for a customer's report")),
    ],
}
ROLES = [(role.value, label) for role, label in labels.ROLE.items()]


class TargetsForm(forms.Form):
    """What is promised for the priority; durations in minutes."""

    response = forms.IntegerField(label=gettext_lazy("Response within (minutes)"), min_value=1, max_value=LONGEST)
    resolution = forms.IntegerField(
        label=gettext_lazy("Restoration within (minutes)"), min_value=1, max_value=LONGEST, required=False
    )
    update = forms.IntegerField(
        label=gettext_lazy("News every (minutes)"), min_value=1, max_value=LONGEST, required=False
    )
    progress = forms.IntegerField(
        label=gettext_lazy("Visible progress within (minutes)"),
        min_value=1,
        max_value=LONGEST,
        required=False,
        help_text=gettext_lazy("An acknowledged incident without progress for so long reminds, then is called anew."),
    )
    clock = forms.ChoiceField(label=gettext_lazy("Clock of the targets"), choices=labels.choices(labels.CLOCK))
    pauses = forms.BooleanField(label=gettext_lazy("The clock pauses while we wait for the customer"), required=False)


class StepForm(forms.Form):
    """One link of a chain."""

    role = forms.ChoiceField(label=gettext_lazy("Who"), choices=ROLES)
    channels = forms.MultipleChoiceField(
        label=gettext_lazy("By"),
        choices=labels.choices(labels.CHANNEL),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        error_messages={"required": gettext_lazy("Choose at least one way to reach them.")},
    )
    wait = forms.IntegerField(label=gettext_lazy("Wait (minutes)"), min_value=0, max_value=LONGEST_WAIT)
    ring = forms.IntegerField(
        label=gettext_lazy("Rings (seconds)"), min_value=5, max_value=LONGEST_RING, required=False
    )
    informs = forms.BooleanField(label=gettext_lazy("is only informed"), required=False)

    def content(self) -> StepContent:
        given = self.cleaned_data
        channels = tuple(channel for channel in Channel if channel in given["channels"])
        return StepContent(Role(given["role"]), channels, given["wait"], given["ring"], given["informs"])


class RouteForm(forms.Form):
    """One route of the priority: whether it has a chain of its own, and its steps in order."""

    handling = forms.ChoiceField(label=gettext_lazy("What happens"))

    def __init__(self, data: QueryDict, *, route: Route) -> None:
        super().__init__(data, prefix=route.value, use_required_attribute=False)
        self.route = route
        self.label = labels.ROUTE[route]
        self.fields["handling"].choices = HANDLING[route]  # type: ignore[attr-defined]  # a choice field
        keys = keys_of(data, route)
        self.steps = [(key, StepForm(data, prefix=f"{route}-{key}", use_required_attribute=False)) for key in keys]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        called = given.get("handling") in (RUNS, HELD)
        # A chain that is not called is put away with the form; what is half written in it is no error.
        whole = all(step.is_valid() for _key, step in self.steps) if called else True
        if not whole:
            raise forms.ValidationError(_("A step is not complete: see below."))
        if called and not any(not step.cleaned_data["informs"] for _key, step in self.steps):
            raise forms.ValidationError(_("Nobody in this chain is expected to answer: add a step, or let it wait."))
        if len(self.steps) > MOST_STEPS:
            raise forms.ValidationError(_("At most %(count)d steps fit a chain.") % {"count": MOST_STEPS})
        return given

    def content(self) -> CellContent | None:
        """None where the route has no cell of its own."""
        handling = self.cleaned_data["handling"]
        if handling == SHARED:
            return None
        if handling == DEFERS:
            return CellContent(defers=True)
        return CellContent(tuple(step.content() for _key, step in self.steps), defers_outside_hours=handling == HELD)


class PriorityForm:
    """Everything on the page of one priority: its targets and its three chains."""

    def __init__(self, data: QueryDict) -> None:
        self.targets = TargetsForm(data, use_required_attribute=False)
        self.routes = [RouteForm(data, route=route) for route in Route]

    def is_valid(self) -> bool:
        return all(form.is_valid() for form in (self.targets, *self.routes))

    def content(self, terms: TermsContent) -> TermsContent:
        """`terms` with what was given."""
        given = self.targets.cleaned_data
        cells = {form.route: cell for form in self.routes if (cell := form.content()) is not None}
        return replace(
            terms,
            promise=PriorityContent(given["response"], given["resolution"], Clock(given["clock"]), cells),
            update_minutes=given["update"],
            progress_minutes=given["progress"],
            pauses_while_waiting=given["pauses"],
        )


def part_of(terms: TermsContent) -> object:
    """What of a priority this form changes."""
    return terms.promise, terms.update_minutes, terms.progress_minutes, terms.pauses_while_waiting


# --- What was sent, or would be -----------------------------------------------------------------------------------


def data_of(terms: TermsContent) -> QueryDict:
    """The form's own data for what is agreed."""
    data = QueryDict(mutable=True)
    promise = terms.promise
    numbers = {
        "response": promise.response_minutes,
        "resolution": promise.resolution_minutes,
        "update": terms.update_minutes,
        "progress": terms.progress_minutes,
    }
    data.update({name: "" if number is None else str(number) for name, number in numbers.items()})
    data["clock"] = promise.clock.value
    if terms.pauses_while_waiting:
        data["pauses"] = "on"
    for route in Route:
        cell = promise.cells.get(route, CellContent())
        data[f"{route}-handling"] = _handling(route, cell)
        for key, step in enumerate(cell.steps):
            _add(data, route, str(key), step)
    return data


def _handling(route: Route, cell: CellContent) -> str:
    if route is Route.MONITORING:
        if not cell.steps:
            return SHARED
        return HELD if cell.defers_outside_hours else RUNS
    if route is Route.AFTER_HOURS and (cell.defers or cell.defers_outside_hours):
        return DEFERS
    return RUNS


def _add(data: MultiValueDict[str, str], route: Route, key: str, step: StepContent) -> None:
    prefix = f"{route}-{key}"
    data.appendlist(f"{route}-row", key)
    data[f"{prefix}-role"] = step.role.value
    data.setlist(f"{prefix}-channels", [channel.value for channel in step.channels])
    data[f"{prefix}-wait"] = str(step.wait)
    data[f"{prefix}-ring"] = "" if step.ring_seconds is None else str(step.ring_seconds)
    if step.informs:
        data[f"{prefix}-informs"] = "on"


def keys_of(data: QueryDict, route: Route) -> list[str]:
    """The rows of a chain in order, each once; what is no key is none."""
    sent = [key for key in data.getlist(f"{route}-row") if key.isascii() and key.isdigit() and len(key) <= 3]
    return list(dict.fromkeys(sent))[: MOST_STEPS + 1]


def changed(data: QueryDict, do: str, proposed: Mapping[Route, tuple[int, ...]]) -> QueryDict:
    """What was sent after one of the form's buttons: "up:after_hours:2", "add:monitoring", "take:after_hours".

    `proposed` are the waits that would hold the target. A button that does not exist changes nothing.
    """
    data = data.copy()
    verb, _colon, rest = do.partition(":")
    word, _colon, key = rest.partition(":")
    if word not in list(Route):
        return data
    route = Route(word)
    keys = keys_of(data, route)
    if verb == "add" and len(keys) < MOST_STEPS:
        _add(data, route, str(max(map(int, keys), default=-1) + 1), _new_step(data, route, keys))
    elif verb == "take" and len(proposed.get(route, ())) == len(keys):
        for each, wait in zip(keys, proposed[route], strict=True):
            data[f"{route}-{each}-wait"] = str(wait)
    elif key in keys:
        data.setlist(f"{route}-row", _moved(keys, key, verb))
    return data


def _moved(keys: list[str], key: str, verb: str) -> list[str]:
    place = keys.index(key)
    if verb == "remove":
        return keys[:place] + keys[place + 1 :]
    other = place + {"up": -1, "down": 1}.get(verb, 0)
    if 0 <= other < len(keys):
        keys[place], keys[other] = keys[other], keys[place]
    return keys


def _new_step(data: QueryDict, route: Route, keys: list[str]) -> StepContent:
    """The first role of the route that is not in its chain yet."""
    there = {data.get(f"{route}-{key}-role") for key in keys}
    usual = [Role.SDM, Role.SERVICE_DESK, Role.PROJECT_TEAM]
    on_call = [Role.ON_CALL_PRIMARY, Role.ON_CALL_BACKUP, Role.ESCALATION_MANAGER]
    wanted = usual + on_call if route is Route.BUSINESS_HOURS else on_call + usual
    role = next((each for each in wanted if each.value not in there), Role.ESCALATION_MANAGER)
    return StepContent(role, (Channel.VOICE, Channel.SMS), NEW_STEP_WAIT)
