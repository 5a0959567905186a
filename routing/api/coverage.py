"""Coverage: what is amiss in the coming weeks, for the provider's people and for monitoring."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from portal import clock
from routing.coverage.presenting import present
from routing.coverage.queries import coverage, covered_projects

from .base import ApiView
from .openapi import answers
from .serializers.coverage import CoverageQuery, CoverageSerializer


class Coverage(ApiView):
    @extend_schema(
        operation_id="coverage_retrieve", parameters=[CoverageQuery], responses=answers(CoverageSerializer, 400)
    )
    def get(self, request: Request) -> Response:
        """What is not covered in the coming weeks, the worst first. For the provider's people alone."""
        if not self.reader.is_staff:
            raise PermissionDenied(_("Only the provider's people may read this."))
        query = CoverageQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        projects = [asked["project"]] if "project" in asked else covered_projects()
        # Shaped by hand as `CoverageSerializer` documents it.
        return Response(present(coverage(projects, now=clock.now(), weeks=asked["weeks"])))
