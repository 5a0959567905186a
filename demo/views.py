"""The login page of the demo: a button per persona instead of a password."""

from itertools import groupby
from typing import Any

from allauth.account.utils import perform_login
from allauth.account.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from portal.models import Person

from .personas import ROLES, personas


class DemoLoginView(LoginView):  # type: ignore[misc]  # allauth ships no types
    """The product's login page with the personas under its form."""

    template_name = "demo/login.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        groups = groupby(personas(), key=lambda persona: persona.is_customer)
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"persona_groups": [(is_customer, list(group)) for is_customer, group in groups]}


@require_POST
def persona_login(request: HttpRequest) -> HttpResponse:
    """Log in as the persona with the given `email`, without a password; anybody else is 404."""
    person = get_object_or_404(Person.objects.filter(email__in=ROLES, is_active=True), email=request.POST.get("email"))
    response: HttpResponse = perform_login(request, person)
    return response
