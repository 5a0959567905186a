"""Report an incident or ask for something, and see before sending who is told and by when an answer is due."""

from collections.abc import Mapping
from typing import Any

import structlog
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from matrix.models import Topic
from matrix.terms import Priority
from portal import clock
from portal.access import contacts_with, may_ask, may_report, may_work
from portal.models import Person, Project
from portal.templatetags.pages import phone
from routing.appointments.models import TOPIC as APPOINTMENT
from routing.appointments.queries import proposed
from routing.appointments.services import wish
from routing.attachments.services import attach
from routing.gather import gather
from routing.incidents.models import Incident
from routing.incidents.once import KeyUsedOtherwise, create_once
from routing.incidents.services import create_incident
from routing.presentation import person_for

from .incidents import incident_address
from .report_forms import (
    AppointmentForm,
    DeskAppointmentForm,
    DeskReportForm,
    DeskRequestForm,
    MatterForm,
    ReportForm,
    RequestForm,
    new_key,
)
from .requests import PageRequest, page
from .subjects import Choice, Subject, choice_of_topic, choices, subject_of

log = structlog.get_logger(__name__)

KEY_PREFIX = "form:"
"""Keys of forms and those of the API's clients do not meet."""


@page
def report(request: PageRequest) -> HttpResponse:
    """The form for `?project=` (or `?unsure=`, a customer) and perhaps `?topic=`; without one, a choice."""
    visible = Project.objects.visible_to(request.user).filter(retired_at=None).select_related("customer")
    key = request.GET.get("topic", "")
    topic = get_object_or_404(Topic, key=key) if key else None
    subject = subject_of(request.GET.dict(), visible)
    if subject is None:
        return _choose(request, list(visible), topic)
    if topic is None:
        if not may_report(request.user, subject.projects[0]):
            raise PermissionDenied
    elif topic.becomes_incident:
        return redirect(f"{reverse('incident_new')}?{subject.query}&priority={topic.becomes_incident}")
    elif not may_ask(request.user, subject.projects[0], topic.needs_right or "report"):
        return _not_allowed(request, subject, topic)
    return _Report(request, subject, topic).answer()


def _choose(request: PageRequest, projects: list[Project], topic: Topic | None) -> HttpResponse:
    """Which system is it about? Somebody of a customer with several may not be sure."""
    customers = [project.customer for project in projects]
    several = {customer for customer in customers if customers.count(customer) > 1}
    context = {
        "projects": projects,
        "topic": topic,
        "unsure": [] if request.user.is_staff else sorted(several, key=lambda customer: customer.key),
    }
    return render(request, "pages/report_project.html", context)


def _not_allowed(request: PageRequest, subject: Subject, topic: Topic) -> HttpResponse:
    """Who of the customer may ask for this."""
    people = [person_for(each.person, request.user) for each in contacts_with(subject.projects[0], topic.needs_right)]
    context = {"subject": subject, "project": subject.projects[0], "topic": topic, "people": people}
    return render(request, "pages/request_refused.html", context, status=403)


class _Report:
    """One form about one subject, shown or sent."""

    def __init__(self, request: PageRequest, subject: Subject, topic: Topic | None) -> None:
        self.request, self.subject, self.topic = request, subject, topic
        self.reader = request.user
        self.works = may_work(request.user)
        self.now = clock.now()
        self.known = gather(subject.projects, at=self.now, known_at=self.now)
        if topic is None:
            self.choices = choices(self.known.values(), at=self.now, reader=self.reader)
        else:
            self.choices = [choice_of_topic(self.known.values(), topic, at=self.now, reader=self.reader)]

    def answer(self) -> HttpResponse:
        form = self._form()
        if self.request.method != "POST":
            return self._show(form)
        if not form.is_valid():
            return self._show(form, status=400)
        choice = self._chosen(form.cleaned_data.get("priority", ""))
        try:
            incident = self._create(form, choice)
        except KeyUsedOtherwise as error:
            return self._show(self._again(), status=409, already=error.incident)
        except OSError:
            # The disk is at fault. Nothing of the report was kept either, so it has to be said, and how to go on.
            log.exception("files_not_kept")
            form.add_error("attachments", _("The files could not be kept. Please send this once more without them."))
            return self._show(form, status=503)
        self._tell(incident, choice)
        return redirect(incident_address(incident))

    def _show(self, form: MatterForm, *, status: int = 200, already: Incident | None = None) -> HttpResponse:
        context = {
            "now": self.now,
            "subject": self.subject,
            "project": self.subject.projects[0],
            "topic": self.topic,
            "topics": [] if self.topic else Topic.objects.all(),
            "form": form,
            "choices": self.choices,
            "chosen": form["priority"].value() if "priority" in form.fields else None,
            "already": already,
            "files_again": bool(self.request.FILES),
        }
        return render(self.request, "pages/request.html" if self.topic else "pages/report.html", context, status=status)

    def _form(self) -> MatterForm:
        posted = self.request.method == "POST"
        return self._build(self.request.POST if posted else None, self.request.FILES if posted else None)

    def _again(self) -> MatterForm:
        """What was written, as a report of its own."""
        return self._build({**self.request.POST.dict(), "key": new_key()}, None)

    def _build(self, data: Mapping[str, Any] | None, files: Any) -> MatterForm:
        given: dict[str, Any] = {
            "data": data,
            "files": files,
            "initial": {"priority": self.request.GET.get("priority")},
        }
        if self.works:
            people = Person.objects.filter(contacts__customer=self.subject.customer, contacts__left_at=None)
            given["contacts"] = people.order_by("name").distinct()
        if self.topic and self.topic.key == APPOINTMENT:
            known = self.known[self.choices[0].project.pk]
            given |= {"proposed": proposed(known, self.topic, now=self.now), "now": self.now}
            return (DeskAppointmentForm if self.works else AppointmentForm)(**given)
        if self.topic:
            return (DeskRequestForm if self.works else RequestForm)(**given)
        return (DeskReportForm if self.works else ReportForm)(**given)

    def _chosen(self, priority: str) -> Choice | None:
        """The choice that was sent; None where no matrix in force knows the priority."""
        if self.topic:
            return self.choices[0]
        return next((each for each in self.choices if each.terms and each.terms.priority == priority), None)

    def _create(self, form: MatterForm, choice: Choice | None) -> Incident:
        """One report for one form, however often it is sent, with its files or not at all."""
        sent = form.cleaned_data
        project = choice.project if choice else self.subject.projects[0]

        def create() -> Incident:
            incident = create_incident(project=project, **self._fields(sent))
            if sent.get("times"):
                wish(incident, times=sent["times"], by=self.reader, now=self.now)
            attach(incident, sent["attachments"], by=self.reader, now=self.now, public=True)
            return incident

        said = {name: value for name, value in sent.items() if name not in ("key", "attachments")}
        body = [
            self.subject.query,
            self.topic and self.topic.key,
            said,
            [(f.name, f.size) for f in sent["attachments"]],
        ]
        key = KEY_PREFIX + (sent["key"] or new_key())
        return create_once(key, body, create, by=self.reader, now=self.now)

    def _fields(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """Staff log what somebody told them on the phone; customers write here themselves."""
        return {
            "kind": Incident.Kind.REQUEST if self.topic else Incident.Kind.INCIDENT,
            "topic": self.topic,
            "priority": Priority.MINOR if self.topic else sent["priority"],
            "title": sent["title"],
            "description": sent["description"],
            "project_unsure": self.subject.unsure,
            "source": Incident.Source.PHONE if self.works else Incident.Source.PORTAL,
            "by": self.reader,
            "now": self.now,
            "reporter": sent.get("reporter") if self.works else self.reader,
            "take": bool(sent.get("take")),
        }

    def _tell(self, incident: Incident, choice: Choice | None) -> None:
        text = _("Sent as request %(number)s.") if self.topic else _("Reported as incident %(number)s.")
        messages.success(self.request, text % {"number": incident.number})
        if choice and choice.call_too and choice.phone and not self.works:
            link = format_html('<a href="tel:{}">{}</a>', choice.phone, phone(choice.phone))
            messages.warning(self.request, format_html(_("Please call as well: {}"), link))
