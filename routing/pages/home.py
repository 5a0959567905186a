"""The start page: where each person's day begins."""

from django.http import HttpResponse
from django.shortcuts import redirect

from .requests import PageRequest, page


@page
def home(request: PageRequest) -> HttpResponse:
    """Customers ask whom to call; the provider's people sit down at the desk."""
    return redirect("desk" if request.user.is_staff else "whom_choose")
