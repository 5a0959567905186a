"""The way to everything an administrator changes."""

from django.http import HttpResponse
from django.shortcuts import render

from routing.pages.requests import PageRequest, administrators_only, page


@page
@administrators_only
def administration(request: PageRequest) -> HttpResponse:
    """Every part, with what it is for."""
    return render(request, "administration/administration.html")
