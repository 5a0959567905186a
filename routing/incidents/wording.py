"""The sentences of the timeline, in the reader's language."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matrix import labels
from matrix.terms import Channel, Priority, Role
from routing.wording import reason_text, warning_text

from .models import Incident, TimelineEntry

Data = dict[str, Any]


def text_of(entry: TimelineEntry) -> str:
    """The entry as one sentence; an unknown kind is shown by its name rather than hidden."""
    sentence = SENTENCES.get(entry.kind)
    return sentence(entry.data) if sentence else entry.kind


def actor_of(entry: TimelineEntry) -> str:
    """Who or what did it; for the provider's own people. Customers read `presentation.actor_for`."""
    return entry.actor.name if entry.actor else entry.actor_name


def _moment(value: str | None) -> str:
    return date_format(timezone.localtime(datetime.fromisoformat(value)), "SHORT_DATETIME_FORMAT") if value else ""


def _role(data: Data) -> str:
    return str(labels.ROLE[Role(data["role"])])


def _channels(data: Data) -> str:
    return ", ".join(str(labels.CHANNEL[Channel(channel)]) for channel in data.get("channels", []))


def _names(data: Data) -> str:
    return ", ".join(data.get("names", []))


def _reported(data: Data) -> str:
    if "topic" in data:
        return _("Asked for (%(source)s)") % {"source": Incident.Source(data["source"]).label}
    priority = str(labels.PRIORITY[Priority(data["priority"])])
    return _("Reported as %(priority)s (%(source)s)") % {
        "priority": priority,
        "source": Incident.Source(data["source"]).label,
    }


def _paged(data: Data) -> str:
    text = _("%(names)s paged by %(channels)s: %(role)s, %(reason)s") % {
        "names": _names(data),
        "role": _role(data),
        "reason": reason_text(data["reason"]),
        "channels": _channels(data),
    }
    if data.get("timing"):
        text = f"{text}; {reason_text(data['timing'])}"
    return f"{text}. {warning_text(data['warning'])}" if data.get("warning") else text


def _informed(data: Data) -> str:
    return _("%(names)s informed: %(role)s") % {"names": _names(data), "role": _role(data)}


def _alarmed(data: Data) -> str:
    return _("Alarm, %(names)s called: %(role)s") % {"names": _names(data), "role": _role(data)}


def _passed_over(data: Data) -> str:
    role, name = _role(data), data["name"]
    who = f"{role} {name}" if name and name.casefold() != role.casefold() else role
    text = _("%(who)s passed over: %(reason)s") % {"who": who, "reason": reason_text(data["reason"])}
    return (
        _("%(text)s (until %(until)s)") % {"text": text, "until": _moment(data["until"])} if data.get("until") else text
    )


def _went_away(data: Data) -> str:
    said = {"name": data["name"], "reason": reason_text(data["reason"])}
    return _("%(name)s is out of reach by now (%(reason)s): the chain goes on. The call can still be answered") % said


def _acknowledged(data: Data) -> str:
    return _("Acknowledged by %(via)s") % {"via": via_text(data.get("via", ""))}


def _assigned(data: Data) -> str:
    text = _("Assigned to %(assignee)s") % {"assignee": data["assignee"]}
    return f"{text}: {data['note']}" if data.get("note") else text


def _note(data: Data) -> str:
    if "from" not in data:
        text: str = data["text"]
        return text
    return _("From incident %(number)s, %(at)s: %(text)s") % {
        "number": data["from"],
        "at": _moment(data["at"]),
        "text": data["text"],
    }


def _undone(what: str) -> str:
    said = {
        "resolve": _("Taken back: it is not resolved"),
        "close": _("Taken back: it is not closed for good"),
        "assign": _("Taken back: the assignment"),
        "merge": _("Taken back: it is no duplicate"),
    }
    return said.get(what, what)


def _called_in(data: Data) -> str:
    text = _("%(name)s called in (%(role)s)") % {"name": data["name"], "role": _role(data)}
    return f"{text}: {data['note']}" if data.get("note") else text


def _passed_on(data: Data) -> str:
    text = _("Passed on to the next in the chain")
    return f"{text}: {data['note']}" if data.get("note") else text


def _waiting(data: Data) -> str:
    text = _("Waiting for the customer")
    if data.get("until"):
        text = _("Waiting until %(until)s") % {"until": _moment(data["until"])}
    return f"{text}: {data['question']}" if data.get("question") else text


def _with_reason(text: Callable[[], str]) -> Callable[[Data], str]:
    return lambda data: f"{text()}: {data['reason']}" if data.get("reason") else text()


def _resolved(data: Data) -> str:
    if data.get("reason") == Incident.Source.MONITORING:
        return _("Resolved: monitoring reports that it is over")
    return _with_reason(lambda: _("Resolved"))(data)


def _step_failed(data: Data) -> str:
    return _("%(name)s could not be reached on any channel; the next step begins at once") % {"name": data["name"]}


def _reminded(data: Data) -> str:
    if not data["name"]:
        return _("No progress for %(minutes)s minutes") % data
    return _("No progress for %(minutes)s minutes: %(name)s is reminded") % data


def _priority_changed(data: Data) -> str:
    text = _("Priority changed from %(before)s to %(after)s") % {
        "before": labels.PRIORITY[Priority(data["before"])],
        "after": labels.PRIORITY[Priority(data["after"])],
    }
    if data.get("undoes"):
        text = _("Taken back: %(text)s") % {"text": text}
    if data.get("reason"):
        text = f"{text}: {data['reason']}"
    if data.get("consent"):
        text = f"{text}. " + _("With the consent of %(name)s") % {"name": data["consent"]}
    return f"{text}. " + _("The chain begins anew") if data.get("restarts") else text


def via_text(via: str) -> str:
    """By which way somebody answered."""
    ways = {
        "voice": _("key on the phone"),
        "sms": _("reply by SMS"),
        "link": _("link in the message"),
        "portal": _("click in the portal"),
        "api": _("API"),
        "assignment": _("assignment"),
    }
    return ways.get(via, via)


def refused_because(why: str) -> str:
    """Why nobody was called in, or nothing merged, where the incident's status is not the reason."""
    reasons = {
        "called_already": _("They are being called already and have not answered yet."),
        "no_contact_method": _("No way is known to reach them."),
        "itself": _("That is this incident itself."),
        "other_project": _("That one belongs to another project. Link it, or move one of them first."),
        "other_kind": _("An incident and a request are never the same."),
        "less_urgent": _("That one is less urgent. Raise its priority first, or merge the other way round."),
    }
    return reasons.get(why, why)


def _called(data: Data) -> str:
    text = _("%(name)s called") % data if data["name"] else _("Somebody called")
    if data["proven"]:
        text = _("%(call)s, known by the PIN") % {"call": text}
    return f"{text}: {data['text']}" if data.get("text") else text


SENTENCES: dict[str, Callable[[Data], str]] = {
    "reported": _reported,
    "deferred": lambda data: _("Nobody is called before %(until)s") % {"until": _moment(data["until"])},
    "paged": _paged,
    "informed": _informed,
    "passed_over": _passed_over,
    "went_away": _went_away,
    "at_closing": lambda _data: _("The office closed: on-call takes over"),
    "at_opening": lambda _data: _("The office opened, but nobody of business hours can be reached yet"),
    "round": lambda data: _("Nobody answered: round %(round)s begins") % {"round": data["round"]},
    "exhausted": lambda _data: _("Nobody answered in any round: the portal raises an alarm"),
    "alarmed": _alarmed,
    "step_failed": _step_failed,
    "acknowledged": _acknowledged,
    "assigned": _assigned,
    "taken_over": lambda data: (
        _("Taken over from team %(team)s by %(via)s") % {"team": data["team"], "via": via_text(data.get("via", ""))}
    ),
    "called_in": _called_in,
    "comes": lambda data: _("Comes to help: %(via)s") % {"via": via_text(data.get("via", ""))},
    "declined": lambda data: _("Cannot come: %(via)s") % {"via": via_text(data.get("via", ""))},
    "call_in_failed": lambda data: _("%(name)s was called in, but could not be reached on any channel") % data,
    "started": lambda _data: _("Work in progress"),
    "passed_on": _passed_on,
    "waiting": _waiting,
    "target_moved": lambda data: (
        _("The clock stood still meanwhile: to be restored by %(until)s") % {"until": _moment(data["until"])}
    ),
    "wait_over": lambda _data: _("The date has come: work goes on"),
    "answered": lambda _data: _("The customer has answered: work goes on"),
    "reminded": _reminded,
    "no_progress": lambda data: _("No progress for %(minutes)s minutes: a new round of calls begins") % data,
    "priority_changed": _priority_changed,
    "resolved": _resolved,
    "closed": lambda _data: _("Closed"),
    "reopened": _with_reason(lambda: _("Reopened")),
    "merged": lambda data: _("The same as incident %(number)s, under which it goes on") % data,
    "absorbed": lambda data: _("Incident %(number)s is the same and goes on here") % data,
    "signal_over": lambda data: _("Monitoring reports that what incident %(number)s told of is over") % data,
    "parted": lambda data: _("Taken back: incident %(number)s is not the same") % data,
    "undone": lambda data: _undone(data["what"]),
    "note": _note,
    "attached": lambda data: (
        ngettext("File attached: %(names)s", "Files attached: %(names)s", len(data["names"])) % {"names": _names(data)}
    ),
    "project_unsure": lambda _data: _("It is not certain yet which project it concerns"),
    "project_confirmed": lambda data: _("It does concern project %(project)s") % data,
    "moved": lambda data: _("Moved from project %(before)s to %(after)s") % data,
    "times_wished": lambda data: _("Times wished for: %(times)s") % {"times": "; ".join(map(_moment, data["times"]))},
    "appointed": lambda data: _("Appointment: %(at)s") % {"at": _moment(data["at"])},
    "unlinked": lambda data: _("No longer linked to incident %(number)s") % {"number": data["number"]},
    "called": _called,
    "connected": lambda data: _("The caller was connected to %(name)s") % data,
    "linked": lambda data: _("Linked to incident %(number)s") % {"number": data["number"]},
}
