"""The way to everything an administrator changes."""

from django.http import HttpResponse
from django.shortcuts import render

from routing.coverage.findings import Severity
from routing.coverage.models import KnownFinding
from routing.pages.requests import PageRequest, administrators_only, page


@page
@administrators_only
def administration(request: PageRequest) -> HttpResponse:
    """Every part, with what it is for; coverage also with whether a gap was found at the last look."""
    gap = KnownFinding.objects.filter(severity=Severity.GAP).exists()
    return render(request, "administration/administration.html", {"coverage_gap": gap})
