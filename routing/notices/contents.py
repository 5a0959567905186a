"""What each kind of notice says, in the language and zone that are active, and no more than its reader may read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from matrix import labels
from matrix.terms import Priority
from portal.models import Person
from portal.templatetags.pages import in_language
from routing.incidents.models import Incident, TimelineEntry
from routing.incidents.wording import text_of
from routing.paging.models import Escalation
from routing.presentation import actor_for, person_for

from .models import Kind

Fact = tuple[str, str]
"""A label and what stands beside it."""


@dataclass(frozen=True, slots=True)
class Content:
    """What there is to say: a heading for the subject, sentences, what somebody wrote, facts, and what comes next."""

    heading: str
    lead: str
    quote: str
    facts: tuple[Fact, ...]
    after: str


def content_of(kind: Kind, entry: TimelineEntry, reader: Person) -> Content:
    """What `reader` is told of an entry. Reads nothing more where it comes with its incident and actor."""
    return CONTENTS[kind](entry, reader)


def _receipt(entry: TimelineEntry, reader: Person) -> Content:
    incident = entry.incident
    request = incident.kind == Incident.Kind.REQUEST
    lead = _("we have received your request.") if request else _("we have received your report.")
    taken = person_for(incident.assignee, reader)
    if taken:
        after = _("It is being looked after by: %(name)s.") % {"name": taken["name"]}
    elif begins := _deferred_until(incident):
        after = _("We start when the office opens: %(opening)s.") % {"opening": _moment(begins)}
    elif request:
        after = _("We get back to you.")
    else:
        after = _("Those responsible are being notified. If nobody answers, the next are called.")
    return Content(_("received"), lead, "", (*_facts(incident), *_due(incident)), after)


def _acknowledged(entry: TimelineEntry, reader: Person) -> Content:
    incident = entry.incident
    who = actor_for(entry, reader)
    lead = _("somebody has taken your report and looks after it.")
    if who:
        lead = _("your report has been taken by: %(name)s.") % {"name": who}
    facts = [*_facts(incident), (_("Answered"), _moment(entry.at))]
    if incident.respond_by and incident.responded_at == entry.at:
        facts[-1] = (_("Answered"), f"{_moment(entry.at)}, {_met_or_missed(entry.at, incident.respond_by)}")
    if incident.resolve_by:
        facts.append((_("Restore by"), _moment(incident.resolve_by)))
    after = _("Nobody else needs to be called. We keep you informed.")
    if incident.kind == Incident.Kind.REQUEST:  # which calls nobody
        after = _("We keep you informed.")
    return Content(_("taken"), lead, "", tuple(facts), after)


def _question(entry: TimelineEntry, reader: Person) -> Content:
    incident = entry.incident
    name = actor_for(entry, reader)
    if entry.kind != "waiting":
        lead = _("there is a message for you from: %(name)s.") % {"name": name}
        return Content(_("message"), lead, text_of(entry), _facts(incident), "")
    question = entry.data.get("question", "")
    lead = _("we wait for your answer. You are asked by: %(name)s.") % {"name": name}
    after = _("Work goes on as soon as you have answered.")
    if until := entry.data.get("until"):
        after = _("Work goes on as soon as you have answered, and in any case: %(until)s.") % {
            "until": _moment(datetime.fromisoformat(until))
        }
    return Content(_("we need your answer"), lead, question, _facts(incident), after)


def _resolved(entry: TimelineEntry, reader: Person) -> Content:
    incident = entry.incident
    request = incident.kind == Incident.Kind.REQUEST
    lead = _("your request is done.") if request else _("your incident is resolved.")
    facts = [*_facts(incident), (_("Done") if request else _("Restored"), _moment(entry.at))]
    if incident.resolve_by and not request:
        facts[-1] = (_("Restored"), f"{_moment(entry.at)}, {_met_or_missed(entry.at, incident.resolve_by)}")
    closes = entry.at + timedelta(days=settings.AUTO_CLOSE_DAYS)
    after = _("Is it not over? Until %(date)s you can open it again in the portal; it is closed after that.") % {
        "date": date_format(timezone.localtime(closes), "DATE_FORMAT")
    }
    return Content(_("resolved"), lead, text_of(entry), tuple(facts), after)


def _reopened(entry: TimelineEntry, reader: Person) -> Content:
    incident = entry.incident
    lead = _("your report is open again: %(name)s.") % {"name": actor_for(entry, reader)}
    after = _("We look after it again and keep you informed.")
    return Content(_("open again"), lead, entry.data.get("reason", ""), (*_facts(incident), *_due(incident)), after)


CONTENTS: dict[Kind, Callable[[TimelineEntry, Person], Content]] = {
    Kind.RECEIPT: _receipt,
    Kind.ACKNOWLEDGED: _acknowledged,
    Kind.QUESTION: _question,
    Kind.RESOLVED: _resolved,
    Kind.REOPENED: _reopened,
}


def _facts(incident: Incident) -> tuple[Fact, ...]:
    facts = [(_("Project"), f"{incident.project.key} ({incident.project.name})")]
    if incident.kind == Incident.Kind.INCIDENT:
        facts.append((_("Priority"), str(labels.PRIORITY[Priority(incident.priority)])))
    elif incident.topic:
        facts.append((_("Topic"), str(in_language(incident.topic, "name"))))
    return *facts, (_("Reported"), _moment(incident.reported_at))


def _due(incident: Incident) -> tuple[Fact, ...]:
    """By when somebody answers, while nobody has."""
    if incident.respond_by is None or incident.responded_at is not None:
        return ()
    return ((_("An answer by"), _moment(incident.respond_by)),)


def _deferred_until(incident: Incident) -> datetime | None:
    escalation: Escalation | None = getattr(incident, "escalation", None)
    deferred = escalation is not None and escalation.state == Escalation.State.DEFERRED
    return escalation.due_at if escalation is not None and deferred else None


def _met_or_missed(at: datetime, due: datetime) -> str:
    """How an instant stands to its target, in words."""
    text = _("within the target (%(due)s)") if at <= due else _("after the target (%(due)s)")
    return text % {"due": _moment(due)}


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")
