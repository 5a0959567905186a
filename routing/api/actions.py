"""What may be done to an incident: each action is one call of a service.

Not visible is 404, not allowed 403, not understood 400, and what the incident's status forbids 409.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from matrix.terms import Role
from portal import clock
from portal.access import may_report, may_work
from portal.problems import Conflict
from routing.incidents import services
from routing.incidents.models import Incident, IncidentQuerySet, Status
from routing.incidents.services import ActionRefused
from routing.incidents.wording import refused_because
from routing.paging.calling import callee_of
from routing.paging.models import Escalation

from .base import ApiView
from .openapi import BODY, answers
from .serializers.actions import (
    Assignment,
    CallIn,
    Note,
    OtherIncident,
    PassOn,
    PriorityChange,
    Reopening,
    Resolution,
    Wait,
)
from .serializers.incidents import IncidentSerializer

View = TypeVar("View", bound=Callable[..., Response])

STATUSES = dict(Status.choices + Escalation.State.choices)
"""What an action is refused for: the incident's status, or where its chain stands."""


def documented(name: str, body: type[Serializer[Any]] | None = None) -> Callable[[View], View]:
    """What the OpenAPI document says of an action."""
    return extend_schema(
        operation_id=f"incidents_{name}", request=body, responses=answers(IncidentSerializer, 404, 409, *BODY)
    )


def _whole(incidents: IncidentQuerySet) -> IncidentQuerySet:
    """With everything shown. People are prefetched rather than joined, so that the same person is one object."""
    return incidents.select_related("project", "escalation").prefetch_related(
        "reporter__groups", "assignee__groups", "team"
    )


class IncidentActions(ApiView, GenericViewSet[Incident]):
    lookup_url_kwarg = "number"
    lookup_value_converter = "int"
    serializer_class = IncidentSerializer

    # --- what every incident view needs -------------------------------------------------------------------

    def incidents(self) -> IncidentQuerySet:
        """What the caller may see."""
        return _whole(Incident.objects.visible_to(self.reader))

    def incident(self) -> Incident:
        return get_object_or_404(self.incidents(), pk=self.kwargs["number"])

    def fresh(self, incident: Incident) -> Any:
        """The incident after a change, for who made it: a customer who reopens may not see it again until taken."""
        return self.shown(_whole(Incident.objects.all()).get(pk=incident.pk))

    def shown(self, incidents: Incident | Sequence[Incident] | None, *, many: bool = False) -> Any:
        return IncidentSerializer(incidents, many=many, context={"reader": self.reader}).data

    def staff_only(self) -> None:
        if not may_work(self.reader):
            raise PermissionDenied(_("This is for the provider's people who work incidents."))

    # --- actions ------------------------------------------------------------------------------------------

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, ActionRefused):
            exc = Conflict(_("Not possible: the incident is “%(status)s”.") % {"status": STATUSES[exc.status]})
        return super().handle_exception(exc)

    def worked(self) -> tuple[Incident, datetime]:
        """The incident, for somebody who may work it, and the instant of the request."""
        incident = self.incident()
        self.staff_only()
        return incident, clock.now()

    def reported(self) -> tuple[Incident, datetime]:
        """The incident, for somebody who may report on its project, and the instant of the request."""
        incident = self.incident()
        if not may_report(self.reader, incident.project):
            raise PermissionDenied(_("You may read this incident, but not add to it."))
        return incident, clock.now()

    def body(self, serializer: type[Serializer[Any]], now: datetime) -> dict[str, Any]:
        given = serializer(data=self.request.data, context={"reader": self.reader, "now": now})
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    def done(self, incident: Incident) -> Response:
        return Response(self.fresh(incident))

    @documented("acknowledge")
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, number: int) -> Response:
        """Take it: the clock of the response stops, nobody else is called. Repeating it changes nothing."""
        incident, now = self.worked()
        return self.done(services.acknowledge(incident, by=self.reader, now=now, via="api"))

    @documented("start")
    @action(detail=True, methods=["post"])
    def start(self, request: Request, number: int) -> Response:
        """Work goes on."""
        incident, now = self.worked()
        return self.done(services.start(incident, by=self.reader, now=now))

    @documented("assign", Assignment)
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, number: int) -> Response:
        """Give it to a person or a team, who are told; while new this acknowledges on their behalf."""
        incident, now = self.worked()
        return self.done(services.assign(incident, by=self.reader, now=now, **self.body(Assignment, now)))

    @documented("pass_on", PassOn)
    @action(detail=True, methods=["post"], url_path="pass-on")
    def pass_on(self, request: Request, number: int) -> Response:
        """Pass it on: the next in the chain is called now."""
        incident, now = self.worked()
        return self.done(services.pass_on(incident, by=self.reader, now=now, via="api", **self.body(PassOn, now)))

    @documented("wait", Wait)
    @action(detail=True, methods=["post"])
    def wait(self, request: Request, number: int) -> Response:
        """Wait for the customer, who may be asked a question, or until an instant."""
        incident, now = self.worked()
        return self.done(services.wait(incident, by=self.reader, now=now, **self.body(Wait, now)))

    @documented("resolve", Resolution)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, number: int) -> Response:
        """The service is restored; nobody else is called."""
        incident, now = self.worked()
        return self.done(services.resolve(incident, by=self.reader, now=now, **self.body(Resolution, now)))

    @documented("priority", PriorityChange)
    @action(detail=True, methods=["post"])
    def priority(self, request: Request, number: int) -> Response:
        """Give it another priority: targets count from the report; raised, a chain nobody answered begins anew."""
        incident, now = self.worked()
        change = self.body(PriorityChange, now)
        try:
            changed = services.change_priority(
                incident,
                priority=change["priority"],
                by=self.reader,
                now=now,
                why=change["reason"],
                consent=change["consent"],
            )
        except services.ConsentMissing as error:
            raise ValidationError({"consent": [_("Say whose consent was given.")]}) from error
        return self.done(changed)

    @documented("call_in", CallIn)
    @action(detail=True, methods=["post"], url_path="call-in")
    def call_in(self, request: Request, number: int) -> Response:
        """Page somebody beside the chain: their answer stands in the timeline, the incident stays with its owner."""
        incident, now = self.worked()
        given = self.body(CallIn, now)
        callee = callee_of(given["person"])
        try:
            services.call_in(
                incident, callee=callee, role=Role.PROJECT_TEAM, by=self.reader, now=now, note=given["note"]
            )
        except services.CallInRefused as error:
            raise ValidationError({"person": [refused_because(error.why)]}) from error
        return self.done(incident)

    @documented("merge", OtherIncident)
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, number: int) -> Response:
        """It is the same as another one: it ends and points there, with its public notes and its reporter."""
        incident, now = self.worked()
        try:
            merged = services.merge(incident, self.body(OtherIncident, now)["number"], by=self.reader, now=now)
        except services.MergeRefused as error:
            raise ValidationError({"number": [refused_because(error.why)]}) from error
        return self.done(merged)

    @documented("relate", OtherIncident)
    @action(detail=True, methods=["post"])
    def relate(self, request: Request, number: int) -> Response:
        """It has to do with another one; both stay as they are."""
        incident, now = self.worked()
        other = self.body(OtherIncident, now)["number"]
        if other == incident:
            raise ValidationError({"number": [refused_because("itself")]})
        services.relate(incident, other, by=self.reader, now=now)
        return self.done(incident)

    @documented("close")
    @action(detail=True, methods=["post"])
    def close(self, request: Request, number: int) -> Response:
        """Done for good."""
        incident, now = self.worked()
        return self.done(services.close(incident, by=self.reader, now=now))

    @documented("reopen", Reopening)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, number: int) -> Response:
        """It was not over: a new round of the chain begins. Contacts who may report may do this too."""
        incident, now = self.reported()
        return self.done(services.reopen(incident, by=self.reader, now=now, **self.body(Reopening, now)))

    @documented("notes", Note)
    @action(detail=True, methods=["post"])
    def notes(self, request: Request, number: int) -> Response:
        """Add a note. Contacts who may report add public ones."""
        incident, now = self.reported()
        note = self.body(Note, now)
        works = may_work(self.reader)
        public = note.get("public", not works)
        if not public and not works:
            raise PermissionDenied(_("Internal notes are for the provider's people."))
        services.add_note(incident, by=self.reader, now=now, text=note["text"], public=public)
        return self.done(incident)
