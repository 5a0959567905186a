"""The form of one call, shown or sent: what it becomes, and who has it from then on."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext as _

from portal.access import RIGHTS
from portal.attempts import TooMany
from portal.contacts.pins import knows_pin
from portal.models import Person, Project
from portal.templatetags.pages import phone
from routing.appointments.models import TOPIC as APPOINTMENT
from routing.appointments.queries import proposed
from routing.appointments.services import wish
from routing.incidents.models import Incident, IncidentQuerySet
from routing.incidents.once import KeyUsedOtherwise, create_once
from routing.incidents.services import ActionRefused
from routing.pages.cards import known_of
from routing.pages.incidents import incident_address
from routing.pages.report_forms import new_key
from routing.pages.requests import PageRequest
from routing.presentation import call_back_numbers_for

from .around import around
from .colleagues import Colleague, colleagues
from .forms import CallAppointmentForm, CallForm, proves
from .services import Caller, add_call, log_call
from .subject import Subject

KEY_PREFIX = "call:"
"""Keys of calls, of other forms and of the API's clients do not meet."""


@dataclass(frozen=True, slots=True)
class Act:
    """What happens next: `take`, `chain`, `connect` to a colleague, or `join` an open incident."""

    kind: str
    id: int = 0


def act_of(text: str) -> Act | None:
    """What the button that was pressed says; None where it says nothing."""
    kind, _colon, number = text.partition(":")
    if kind in ("take", "chain") and not number:
        return Act(kind)
    if kind in ("connect", "join") and number.isascii() and number.isdigit() and len(number) < 19:
        return Act(kind, int(number))
    return None


class Logging:
    """One call about one project."""

    def __init__(self, request: PageRequest, subject: Subject, project: Project, *, now: datetime) -> None:
        self.request, self.subject, self.project, self.now = request, subject, project, now
        self.reader = request.user
        self.act = act_of(request.POST.get("act", ""))

    def answer(self) -> HttpResponse:
        if self.request.method != "POST":
            return self._show(self._form(None))
        form = self._form(self.request.POST)
        colleague, joined = self._whom(), self._joined()
        if not form.is_valid() or not self._is_decided(form, colleague, joined):
            return self._show(form, status=400)
        caller = self._caller(form)
        if caller is None:
            return self._show(form, status=400)
        try:
            incident = self._keep(form, caller, colleague, joined)
        except KeyUsedOtherwise as error:
            again = self._form({**self.request.POST.dict(), "key": new_key()})
            return self._show(again, status=409, already=error.incident)
        except ActionRefused:
            form.add_error(None, _("That incident is not open any more. Log a new one, or look at it first."))
            return self._show(form, status=409)
        self._tell(incident, colleague)
        return redirect(incident_address(incident))

    # --- The form ---------------------------------------------------------------------------------------------

    def _form(self, data: Mapping[str, Any] | None) -> CallForm:
        numbers = call_back_numbers_for(self.subject.contact, self.reader) if self.subject.contact else []
        number = self.subject.number or next(iter(numbers), "")
        given: dict[str, Any] = {
            "data": data,
            "at": self.now,
            "since": self.subject.since,
            "open_incidents": self._open(),
            "joining": bool(self.act and self.act.kind == "join"),
            "topic": self.subject.topic is not None,
            "initial": {"phone": phone(number), "priority": self.request.GET.get("priority")},
        }
        topic = self.subject.topic
        if topic and topic.key == APPOINTMENT:
            given |= {"proposed": proposed(known_of(self.project, self.now), topic, now=self.now), "now": self.now}
            return CallAppointmentForm(**given)
        return CallForm(**given)

    def _open(self) -> IncidentQuerySet:
        """What a call may be linked to, or about: anything open of the same customer."""
        return Incident.objects.visible_to(self.reader).open().filter(project__customer=self.project.customer_id)

    def _show(self, form: CallForm, *, status: int = 200, already: Incident | None = None) -> HttpResponse:
        title = str(form["title"].value() or "")
        context = {
            **around(self.subject, self.project, self.reader, title=title, now=self.now),
            "form": form,
            "chosen": form["priority"].value() if "priority" in form.fields else None,
            "related": {str(each) for each in form["related"].value() or []},
            "already": already,
            "missing_right": self._missing_right,
        }
        return render(self.request, "calls/call.html", context, status=status)

    @property
    def _missing_right(self) -> str:
        """The right that the caller would need and has not; the provider's people decide all the same."""
        contact, topic = self.subject.contact, self.subject.topic
        right = (topic.needs_right if topic else "") or "report"
        has_it = contact is None or right not in RIGHTS or getattr(contact, RIGHTS[right])
        return "" if has_it else right

    # --- What was sent ----------------------------------------------------------------------------------------

    @cached_property
    def _colleagues(self) -> list[Colleague]:
        return colleagues(known_of(self.project, self.now), self.reader, at=self.now)

    def _whom(self) -> Person | None:
        """To whom the caller is connected: one of those who were offered."""
        if self.act is None or self.act.kind != "connect":
            return None
        offered = any(each.id == self.act.id and each.may_have for each in self._colleagues)
        return Person.objects.get(pk=self.act.id) if offered else None

    def _joined(self) -> Incident | None:
        if self.act is None or self.act.kind != "join":
            return None
        # One that was closed meanwhile is found too, and refused.
        return (
            Incident.objects.visible_to(self.reader)
            .filter(project__customer=self.project.customer_id, pk=self.act.id)
            .first()
        )

    def _is_decided(self, form: CallForm, colleague: Person | None, joined: Incident | None) -> bool:
        kind = self.act.kind if self.act else ""
        if kind in ("take", "chain") or colleague or joined:
            return True
        if kind:
            form.add_error(None, _("That is not possible any more: the page was out of date. Please choose again."))
        else:
            form.add_error(None, _("Say who has it from now on: choose one of the buttons."))
        return False

    def _caller(self, form: CallForm) -> Caller | None:
        """Who called; None where a PIN was entered that is not theirs, which the form then says."""
        sent, contact = form.cleaned_data, self.subject.contact
        proven = contact is not None and proves(sent["proof"], contact, self.reader)
        if contact is not None and sent["pin"] and not proven:
            with contextlib.suppress(TooMany):
                proven = knows_pin(contact, sent["pin"], now=self.now)
            if not proven:
                form.add_error("pin", _("This PIN is not right, or there were too many tries. Correct or empty it."))
                return None
        return Caller(self.subject.caller, sent["name"], sent["phone"], proven)

    def _keep(self, form: CallForm, caller: Caller, colleague: Person | None, joined: Incident | None) -> Incident:
        """One call for one form, however often it is sent."""
        sent = form.cleaned_data

        def keep() -> Incident:
            if joined is not None:
                add_call(joined, text=sent["title"], **given)
                return joined
            incident = log_call(
                project=self.project,
                title=sent["title"],
                description=sent["description"],
                priority=sent.get("priority", ""),
                topic=self.subject.topic,
                take=self.act == Act("take"),
                connect_to=colleague,
                related=sent["related"],
                **given,
            )
            if sent.get("times"):
                wish(incident, times=sent["times"], by=self.reader, now=self.now)
            return incident

        given: dict[str, Any] = {
            "caller": caller,
            "began_at": sent["began_at"],
            "by": self.reader,
            "now": self.now,
        }
        said = {name: sent[name] for name in ("title", "description", "name", "phone")} | {
            "priority": sent.get("priority"),
            "related": sorted(each.pk for each in sent["related"]),
        }
        body = [self.subject.about.get("contact"), self.project.key, self.request.POST.get("act"), said]
        return create_once(KEY_PREFIX + (sent["key"] or new_key()), body, keep, by=self.reader, now=self.now)

    def _tell(self, incident: Incident, colleague: Person | None) -> None:
        if self.act and self.act.kind == "join":
            messages.success(self.request, _("The call was added to this incident."))
            return
        text = _("Logged as request %(number)s.") if self.subject.topic else _("Logged as incident %(number)s.")
        messages.success(self.request, text % {"number": incident.number})
        if colleague is None:
            return
        number = next((each.phone for each in self._colleagues if each.id == colleague.pk), "")
        link = format_html('<a href="tel:{}">{}</a>', number, phone(number)) if number else ""
        messages.info(self.request, format_html(_("Connect the caller to {}: {}"), colleague.name, link))
