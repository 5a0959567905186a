"""Incidents: list, create, read; what may be done to one is in `actions.py`."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from portal import clock
from portal.access import may_report
from routing.incidents import services
from routing.incidents.models import Incident

from .actions import IncidentActions
from .idempotency import HEADER, create_once
from .openapi import BODY, answers
from .serializers.actions import IncidentFilter, NewIncident
from .serializers.incidents import IncidentSerializer, PageSerializer, TimelineEntrySerializer


class IncidentViewSet(IncidentActions):
    """Incidents and requests of the projects the caller may see."""

    @extend_schema(
        operation_id="incidents_list",
        parameters=[IncidentFilter],
        responses=answers(IncidentSerializer(many=True), 400, 404),
    )
    def list(self, request: Request) -> Response:
        """Newest first, page by page."""
        query = IncidentFilter(data=request.query_params, context={"reader": self.reader})
        query.is_valid(raise_exception=True)
        page = self.paginate_queryset(query.apply(self.incidents().order_by("-pk")))
        return self.get_paginated_response(self.shown(page, many=True))

    @extend_schema(
        operation_id="incidents_create",
        parameters=[OpenApiParameter(HEADER, str, OpenApiParameter.HEADER, description="at most 255 characters")],
        request=NewIncident,
        responses=answers(IncidentSerializer, 409, *BODY, status=201),
    )
    def create(self, request: Request) -> Response:
        """Report an incident; its chain starts at once unless it is taken in the same act.

        The same `Idempotency-Key` with the same body answers with the same incident.
        """
        now = clock.now()
        given = NewIncident(data=request.data, context={"reader": self.reader, "now": now})
        given.is_valid(raise_exception=True)
        if not may_report(self.reader, given.validated_data["project"]):
            raise PermissionDenied(_("You may not report incidents of this project."))

        def create() -> Incident:
            return services.create_incident(source=Incident.Source.API, by=self.reader, now=now, **given.validated_data)

        key = request.headers.get(HEADER, "")
        made = create_once(key, given.sent, create, by=self.reader, now=now) if key else create()
        shown = self.fresh(made)
        return Response(shown, status=201, headers={"Location": shown["url"]})

    @extend_schema(operation_id="incidents_retrieve", responses=answers(IncidentSerializer, 404))
    def retrieve(self, request: Request, number: int) -> Response:
        """One incident."""
        return Response(self.shown(self.incident()))

    @extend_schema(
        operation_id="incidents_timeline",
        responses=answers(TimelineEntrySerializer(many=True), 404),
    )
    @action(detail=True, pagination_class=None)
    def timeline(self, request: Request, number: int) -> Response:
        """What happened, oldest first; customers read the public entries."""
        entries = self.incident().timeline.order_by("pk").prefetch_related("actor__groups")
        if not self.reader.is_staff:
            entries = entries.filter(public=True)
        return Response(TimelineEntrySerializer(entries, many=True, context={"reader": self.reader}).data)

    @extend_schema(operation_id="incidents_pages", responses=answers(PageSerializer(many=True), 404))
    @action(detail=True, pagination_class=None)
    def pages(self, request: Request, number: int) -> Response:
        """Who was called for it, and every message to them; for the provider's people only."""
        incident = self.incident()
        if not self.reader.is_staff:
            raise PermissionDenied(_("This is for the provider's people."))
        escalation = getattr(incident, "escalation", None)
        pages = escalation.pages.order_by("pk").prefetch_related("deliveries") if escalation else []
        return Response(PageSerializer(pages, many=True).data)
