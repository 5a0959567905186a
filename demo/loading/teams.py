"""The Service Desk and the project teams, with their members."""

from datetime import datetime

from demo.provider import Provider
from portal.models import Membership, Person, SupportHours, Team
from portal.services import record

SERVICE_DESK = "service-desk"


def add_teams(provider: Provider, *, people: dict[str, Person], office: SupportHours, at: datetime) -> dict[str, Team]:
    """Every team by its key; all keep the office's hours."""
    teams = {key: _team(key, content, office) for key, content in provider["teams"].items()}
    for email, content in provider["people"].items():
        if key := content.get("team"):
            speciality = content.get("speciality", "")
            record(Membership, by=None, now=at, team=teams[key], person=people[email], speciality=speciality)
    return teams


def _team(key: str, content: dict[str, str], office: SupportHours) -> Team:
    return Team.objects.create(
        slug=key,
        name=content["name"],
        kind=Team.Kind.SERVICE_DESK if key == SERVICE_DESK else Team.Kind.PROJECT_TEAM,
        phone=content["phone"],
        email=content["email"],
        hours=office,
    )
