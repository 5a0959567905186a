"""Requests: no incidents, so nobody is paged. Who answers for the topic is assigned, and told by an ordinary mail."""

from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from portal.models import Person, Team
from routing.decide import decide
from routing.decision import Callee, Decision, Kind, Link
from routing.gather import ProjectFacts
from routing.paging import calling
from routing.paging.letters import Letter, post_letter

from .models import Incident
from .timeline import write


def hand_over(
    incident: Incident, known: ProjectFacts, *, by: Person | None, now: datetime, not_to: Person | None = None
) -> None:
    """Give the request to who is first in its topic's chain, now or when the office opens, and tell them then.

    It stays new: only they themselves respond. Where a team is first it is told, and the request stays with nobody.
    `not_to` is who passed it on.
    """
    if incident.topic is None:
        return
    link = _first(decide(known.topic(incident.topic), now), not_to)
    callee = link.people[0] if link else None
    if link is None or callee is None or callee.kind is Kind.LAST_RESORT:
        return
    if callee.kind is Kind.PERSON:
        incident.assignee = Person.objects.get(pk=callee.id or 0)
        incident.save(update_fields=["assignee"])
        write(incident, "assigned", now=now, assignee=callee.name)
    if by is None or callee.kind is not Kind.PERSON or callee.id != by.pk:
        tell_of_request(incident, callee, at=max(link.at, now), now=now)


def _first(decision: Decision, not_to: Person | None) -> Link | None:
    passed = calling.callee_of(not_to) if not_to else None
    answering = (link for link in decision.chain if not link.informs and link.people)
    return next((link for link in answering if passed is None or not _same(link.people[0], passed)), None)


def _same(one: Callee, other: Callee) -> bool:
    return (one.kind, one.id) == (other.kind, other.id)


def tell_of_request(incident: Incident, callee: Callee, *, at: datetime, now: datetime) -> None:
    """Tell whoever a request was given to, by mail, no earlier than `at`."""
    to, language = _address(callee)
    if not to:
        return
    with translation.override(language):
        title = " ".join(incident.title.split())
        words = {"project": incident.project.key, "number": incident.number, "title": title}
        subject = _("Request %(project)s #%(number)s: %(title)s") % words
        lines = [_("Hello %(name)s,") % {"name": callee.name}, ""]
        lines.append(_("somebody asks for something that you answer for. Nobody else was told."))
        lines += ["", f"#{incident.number} {title}", f"{settings.PUBLIC_URL}/incidents/{incident.pk}/", ""]
    post_letter(Letter(to, callee.name, language, subject, "\n".join(lines)), at=at, now=now)


def _address(callee: Callee) -> tuple[str, str]:
    """Where they read their mail, and in which language."""
    if callee.kind is Kind.TEAM:
        return Team.objects.get(pk=callee.id or 0).email, settings.LANGUAGE_CODE
    person = Person.objects.get(pk=callee.id or 0)
    return person.email, person.language
