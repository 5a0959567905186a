"""Projects: what the caller may see, whom to contact, and the matrix in force."""

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from matrix.models import MatrixVersion
from portal import clock
from portal.models import Project
from routing.gather import NoMatrix, decision_for
from routing.presentation import present

from .base import ApiView
from .openapi import answers
from .serializers.decision import ContactsQuery, DecisionSerializer
from .serializers.projects import MatrixSerializer, ProjectSerializer


class ProjectView(ApiView):
    """A view of one project; another customer's is not found."""

    def project(self) -> Project:
        return get_object_or_404(Project.objects.visible_to(self.reader), key=self.kwargs["key"])


class ProjectList(ApiView):
    @extend_schema(operation_id="projects_list", responses=answers(ProjectSerializer(many=True)))
    def get(self, request: Request) -> Response:
        """The projects the caller may see."""
        projects = Project.objects.visible_to(self.reader).select_related("customer").order_by("key")
        return Response(ProjectSerializer(projects, many=True).data)


class ProjectDetail(ProjectView):
    @extend_schema(operation_id="projects_retrieve", responses=answers(ProjectSerializer, 404))
    def get(self, request: Request, key: str) -> Response:
        """One project."""
        return Response(ProjectSerializer(self.project()).data)


class Contacts(ProjectView):
    @extend_schema(
        operation_id="projects_contacts", parameters=[ContactsQuery], responses=answers(DecisionSerializer, 400, 404)
    )
    def get(self, request: Request, key: str) -> Response:
        """Whom to contact, who follows if nobody answers, and why."""
        project = self.project()
        now = clock.now()
        query = ContactsQuery(data=request.query_params, context={"now": now})
        query.is_valid(raise_exception=True)
        try:
            decision = decision_for(project, now=now, **query.question())
        except NoMatrix:
            raise NotFound(_("No matrix of this project is in force at that instant.")) from None
        return Response(present(decision, reader=self.reader))


class Matrix(ProjectView):
    @extend_schema(operation_id="projects_matrix", responses=answers(MatrixSerializer, 404))
    def get(self, request: Request, key: str) -> Response:
        """The communication matrix in force now."""
        project = self.project()
        now = clock.now()
        versions = MatrixVersion.objects.in_force(now, known_at=now).filter(matrix__project=project)
        version = versions.select_related("matrix__project").with_content().first()
        if version is None:
            raise NotFound(_("No matrix of this project is in force."))
        return Response(MatrixSerializer(version).data)
