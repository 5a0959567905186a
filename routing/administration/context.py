"""Where a page of administration stands: the way back to its part, and to all of them."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PARTS: tuple[tuple[str, str, str | Promise], ...] = (
    ("support-hours/maintenance/", "maintenance_admin", _("Maintenance")),
    ("support-hours/installation/", "installation_admin", _("Installation")),
    ("support-hours/", "support_hours", _("Support hours")),
    ("rosters/rest/", "roster_rest", _("Rest after call-outs")),
    ("rosters/", "rosters", _("Rosters")),
    ("coverage/", "coverage", _("Coverage")),
    ("matrices/", "matrices", _("Matrices")),
    ("customers/", "customers_admin", _("Customers and projects")),
    ("projects/", "customers_admin", _("Customers and projects")),
    ("assignments/", "customers_admin", _("Customers and projects")),
    ("people/", "people_admin", _("People")),
    ("departures/", "people_admin", _("People")),
    ("teams/", "teams_admin", _("Teams")),
    ("members/", "teams_admin", _("Teams")),
    ("imports/", "imports", _("Import")),
    ("keys/numbers/", "duty_numbers", _("Duty numbers")),
    ("keys/", "intake_keys", _("Intake keys")),
    ("audit/", "audit", _("Who changed what")),
)
"""By how an address below administration begins, the longer before the shorter."""


def trail(request: HttpRequest) -> dict[str, Any]:
    """The links above a page of administration, outermost first; none on the page that leads to all."""
    match = request.resolver_match
    prefix = "administration/"
    if match is None or not match.route.startswith(prefix) or match.route == prefix:
        return {}
    links: list[tuple[str, str | Promise]] = [(reverse("administration"), _("Administration"))]
    rest = match.route.removeprefix(prefix)
    for begins, name, title in PARTS:
        if rest.startswith(begins):
            if match.url_name != name:
                links.append((reverse(name), title))
            break
    return {"trail": links}
