"""Addresses of the API, its document, and the portal's health."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from .coverage import Coverage
from .health import healthz, metrics, readyz
from .incidents import IncidentViewSet
from .projects import Contacts, Matrix, ProjectDetail, ProjectList
from .rotas import OnCall, RotaList
from .schema import Docs, Schema

router = SimpleRouter(use_regex_path=False)
router.register("incidents", IncidentViewSet, basename="api-incidents")

v1 = [
    path("projects/", ProjectList.as_view(), name="api-projects"),
    path("projects/<slug:key>/", ProjectDetail.as_view(), name="api-project"),
    path("projects/<slug:key>/contacts/", Contacts.as_view(), name="api-contacts"),
    path("projects/<slug:key>/matrix/", Matrix.as_view(), name="api-matrix"),
    path("rotas/", RotaList.as_view(), name="api-rotas"),
    path("rotas/<slug:slug>/on-call/", OnCall.as_view(), name="api-on-call"),
    path("coverage/", Coverage.as_view(), name="api-coverage"),
    path("schema/", Schema.as_view(), name="api-schema"),
    path("docs/", Docs.as_view(), name="api-docs"),
    *router.urls,
]

urlpatterns = [
    path("api/v1/", include(v1)),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
