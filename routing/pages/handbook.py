"""The operations handbook of a project: as a page, and as PDF to keep."""

import structlog
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language

from portal import clock
from portal.models import Project
from routing.handbook.blocks import Handbook
from routing.handbook.content import LANGUAGES, handbook_for
from routing.handbook.pdf import etag_of, filename_of, pdf_of
from routing.typesetting import NotSet

from .requests import PageRequest, page

log = structlog.get_logger(__name__)


@page
def handbook(request: PageRequest, key: str) -> HttpResponse:
    """The handbook in the reader's language."""
    project = _project(request, key)
    return _page(request, project, _handbook(project, language_of()))


@page
def handbook_pdf(request: PageRequest, key: str) -> HttpResponse:
    """The same handbook as PDF, in `?lang=` de or en; where it cannot be set, the page that says so."""
    project = _project(request, key)
    asked = request.GET.get("lang", "")
    found = _handbook(project, asked if asked in LANGUAGES else language_of())
    if found is None:
        raise Http404
    etag = etag_of(found)
    unchanged = get_conditional_response(request, etag=etag)
    if isinstance(unchanged, HttpResponse):
        return unchanged
    try:
        content = pdf_of(found)
    except NotSet as error:
        log.error("handbook_not_set", project=key, error=str(error))  # noqa: TRY400 -- the message says where
        return _page(request, project, found, failed=True)
    disposition = f'attachment; filename="{filename_of(found)}"'
    return HttpResponse(
        content, content_type="application/pdf", headers={"ETag": etag, "Content-Disposition": disposition}
    )


def language_of() -> str:
    """The language of the page, as far as a handbook is written in it; else English."""
    language = (get_language() or "").split("-", maxsplit=1)[0]
    return language if language in LANGUAGES else "en"


def _project(request: PageRequest, key: str) -> Project:
    return get_object_or_404(Project.objects.visible_to(request.user).select_related("customer"), key=key)


def _handbook(project: Project, language: str) -> Handbook | None:
    return handbook_for(project, at=clock.now(), language=language)


def _page(request: PageRequest, project: Project, found: Handbook | None, *, failed: bool = False) -> HttpResponse:
    context = {"project": project, "handbook": found, "failed": failed}
    return render(request, "pages/handbook.html", context, status=503 if failed else 200)
