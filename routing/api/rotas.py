"""Rotas: which there are, and who is on duty. Customers see those that cover their projects, by public name."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from oncall.models import Rota, RotaCoverage
from oncall.queries import coverage_of, duty_now
from oncall.rotation import DutyWarning
from portal import clock
from portal.models import Person, Project
from routing.presentation import rota_for
from routing.wording import warning_text

from .base import ApiView
from .openapi import answers
from .serializers.rotas import OnCallQuery, OnCallSerializer, RotaSerializer

AT_ONCE = timedelta(0)
NOBODY = frozenset({DutyWarning.NOBODY_PRIMARY, DutyWarning.NOBODY_BACKUP})
"""The warnings customers read too: the others tell who of the provider's people is away."""


class RotaList(ApiView):
    @extend_schema(operation_id="rotas_list", responses=answers(RotaSerializer(many=True)))
    def get(self, request: Request) -> Response:
        """The rotas the caller may see, with the projects they cover now."""
        now = clock.now()
        covered: dict[int, list[str]] = defaultdict(list)
        for row in _coverage(self.reader, now):
            covered[row.rota_id].append(row.project.key)
        rows = [_rota(rota, self.reader, covered[rota.pk]) for rota in _rotas(self.reader, now)]
        return Response(RotaSerializer(rows, many=True).data)


class OnCall(ApiView):
    @extend_schema(
        operation_id="rotas_on_call", parameters=[OnCallQuery], responses=answers(OnCallSerializer, 400, 404)
    )
    def get(self, request: Request, slug: str) -> Response:
        """Who is on duty, until when, and what is amiss."""
        now = clock.now()
        rota = get_object_or_404(_rotas(self.reader, now), slug=slug)
        at = _instant(request, now)
        [duty] = duty_now([rota], at=at)
        # Shaped by hand as `OnCallSerializer` documents it: this is asked often, and a serializer takes longest.
        answer = {
            "rota": rota.slug,
            "at": timezone.localtime(at).isoformat(),
            "primary": rota_for(rota, self.reader, holder=duty.primary),
            "backup": rota_for(rota, self.reader, holder=duty.backup),
            "until": timezone.localtime(duty.until).isoformat() if duty.until else None,
            "warnings": [
                {"code": warning.value, "text": warning_text(warning.value)}
                for warning in duty.warnings
                if self.reader.is_staff or warning in NOBODY
            ],
        }
        return Response(answer)


def _instant(request: Request, now: datetime) -> datetime:
    if not request.query_params:
        return now
    query = OnCallQuery(data=request.query_params, context={"now": now})
    query.is_valid(raise_exception=True)
    at: datetime = query.validated_data.get("at", now)
    return at


def _coverage(reader: Person, now: datetime) -> list[RotaCoverage]:
    return coverage_of(Project.objects.visible_to(reader), at=now, known_at=now, horizon=AT_ONCE)


def _rotas(reader: Person, now: datetime) -> QuerySet[Rota]:
    """All for the provider's people, else those that cover a project of the reader's now."""
    rotas = Rota.objects.in_use().order_by("slug")
    return rotas if reader.is_staff else rotas.filter(pk__in={row.rota_id for row in _coverage(reader, now)})


def _rota(rota: Rota, reader: Person, projects: list[str]) -> dict[str, Any]:
    public = {"de": rota.public_name_de, "en": rota.public_name_en}
    language = (get_language() or "en").split("-")[0]
    return {
        "slug": rota.slug,
        "name": rota.name if reader.is_staff else public[language],
        "public_name": public,
        "zone": rota.zone,
        "duty_number": rota.duty_number,
        "projects": projects,
    }
