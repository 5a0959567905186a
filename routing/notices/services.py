"""Queues what customers are told of an incident, in the transaction of what it tells; and keeps what they want."""

from collections.abc import Iterator, Mapping

from django.db import transaction

from matrix.terms import Channel
from portal.models import Person, Project
from routing.incidents.models import Incident, IncidentLink, TimelineEntry
from routing.paging.models import Delivery
from routing.wake import wake_post

from .models import Kind, Notice, NoticeChoice

TOLD = {
    "reported": Kind.RECEIPT,
    "acknowledged": Kind.ACKNOWLEDGED,
    "waiting": Kind.QUESTION,
    "note": Kind.QUESTION,
    "attached": Kind.QUESTION,
    "resolved": Kind.RESOLVED,
    "reopened": Kind.REOPENED,
    "undone": Kind.REOPENED,
    "merged": Kind.QUESTION,
}
"""Which entries of a timeline are told by mail."""
CONFIRMED = (Kind.RECEIPT, Kind.REOPENED)
"""Told even to whoever did it."""


def tell(entry: TimelineEntry) -> None:
    """Queue the mails that an entry asks for: to whoever reported its incident, or had it opened again.

    Only what is public is told, and only to the customer's own people; the provider's have their pages and lists.
    """
    kind = TOLD.get(entry.kind)
    if kind is None or not entry.public or not _is_news(entry):
        return
    for person in _recipients(entry):
        if (entry.actor_id != person.pk or kind in CONFIRMED) and may_be_told(person, entry.incident, kind):
            _queue(entry, person, kind)


def _is_news(entry: TimelineEntry) -> bool:
    """Waiting for a mere date asks nothing, and of one act there is one mail."""
    match entry.kind:
        case "waiting":
            return entry.incident.awaits_customer
        case "attached":
            same_act = TimelineEntry.objects.filter(incident=entry.incident_id, at=entry.at, actor=entry.actor_id)
            return not same_act.filter(kind__in=["note", "reported"], public=True).exists()
        case "undone":
            return entry.data["what"] in ("resolve", "merge")
        case "acknowledged":
            return entry.at != entry.incident.created_at and _is_first(entry)
    return True


def _is_first(entry: TimelineEntry) -> bool:
    """Whether nobody had taken it before, or not since it was opened again: a hand-over is the provider's affair."""
    told = TimelineEntry.objects.filter(incident=entry.incident_id, pk__lt=entry.pk)
    last = told.filter(kind__in=["acknowledged", "reopened"]).order_by("pk").values_list("kind", flat=True).last()
    return last != "acknowledged"


def _recipients(entry: TimelineEntry) -> Iterator[Person]:
    """Whoever reported it, or the same, and the last of the customer's people who had it opened again."""
    reporter = entry.incident.reporter
    if reporter is not None and not reporter.is_staff:
        yield reporter
    if entry.kind == "reported":
        return  # nothing was merged, and nobody can have opened it again; a storm of alerts is not asked
    others = {person.pk: person for person in _who_reported_the_same(entry.incident)}
    reopened = TimelineEntry.objects.filter(incident=entry.incident, kind="reopened", actor__is_staff=False)
    last = reopened.select_related("actor").order_by("pk").last()
    if last is not None and last.actor is not None:
        others[last.actor.pk] = last.actor
    yield from (person for person in others.values() if person != reporter)


def _who_reported_the_same(incident: Incident) -> Iterator[Person]:
    """Those of the customer whose reports were merged into it."""
    merged = Incident.objects.filter(links__other=incident, links__kind=IncidentLink.Kind.DUPLICATE)
    for each in merged.exclude(reporter=None).select_related("reporter").order_by("pk"):
        if each.reporter is not None and not each.reporter.is_staff:
            yield each.reporter


def may_be_told(person: Person, incident: Incident, kind: str) -> bool:
    """Whether the person wants it, and is still a contact of the incident's project."""
    return wants_notice(person, kind) and Project.objects.visible_to(person).filter(pk=incident.project_id).exists()


def _queue(entry: TimelineEntry, person: Person, kind: Kind) -> None:
    delivery = Delivery.objects.create(
        kind=Delivery.Kind.NOTICE,
        channel=Channel.EMAIL,
        to=person.email,
        language=person.language,
        next_attempt_at=entry.at,
        created_at=entry.at,
    )
    Notice.objects.create(entry=entry, person=person, kind=kind, delivery=delivery)
    wake_post()


# --- What people want -----------------------------------------------------------------------------------------


def wants_notice(person: Person, kind: str) -> bool:
    """Whether the person wants notices of this kind; so it is until they say otherwise."""
    return not NoticeChoice.objects.filter(person=person, kind=kind, wanted=False).exists()


def choices_of(person: Person) -> dict[str, bool]:
    """Every kind, and whether the person wants it."""
    chosen = dict(NoticeChoice.objects.filter(person=person).values_list("kind", "wanted"))
    return {kind: chosen.get(kind, True) for kind in Kind.values}


@transaction.atomic
def choose(*, by: Person, wanted: Mapping[str, bool]) -> None:
    """Keep what somebody wants to be told from now on; kinds not named stay as they are."""
    for kind, wish in wanted.items():
        NoticeChoice.objects.update_or_create(person=by, kind=Kind(kind), defaults={"wanted": wish})
