"""Coverage as a page: every gap of the coming weeks, and where it is mended."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render

from portal import clock
from routing.pages.requests import PageRequest, administrators_only, page

from .findings import Severity
from .forms import CoverageFilter
from .queries import coverage, covered_projects
from .wording import tell

PER_PAGE = 50


@page
@administrators_only
def coverage_page(request: PageRequest) -> HttpResponse:
    """What is not covered in the next eight weeks, the worst first; a filter that makes no sense shows everything."""
    now = clock.now()
    chosen = CoverageFilter(request.GET)
    valid = chosen.is_valid()
    projects = [project for project in covered_projects() if not valid or chosen.asks_for(project)]
    found = coverage(projects, now=now)
    shown = [finding for finding in found.findings if not valid or chosen.shows(finding)]
    rows = Paginator(shown, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "now": now,
        "filter": chosen,
        "filtered": any(request.GET.get(name) for name in chosen.fields),
        "found": found,
        "counts": {severity.value: len(found.of(severity)) for severity in Severity},
        "rows": rows,
        "told": tell(found, rows),
    }
    return render(request, "coverage/coverage.html", context)
