"""Logs incidents and requests."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from matrix.models import Topic
from portal.models import Person, Project
from routing.gather import ProjectFacts, gather
from routing.paging import escalating

from .holding import targets
from .models import Incident
from .requesting import hand_over
from .taking import acknowledge
from .timeline import write

if TYPE_CHECKING:
    from routing.intake.models import IntakeKey


@transaction.atomic
def create_incident(
    *,
    project: Project,
    priority: str,
    title: str,
    source: Incident.Source,
    by: Person | None,
    now: datetime,
    description: str = "",
    reporter: Person | None = None,
    reported_at: datetime | None = None,
    kind: Incident.Kind = Incident.Kind.INCIDENT,
    topic: Topic | None = None,
    intake_key: "IntakeKey | None" = None,
    dedup_key: str = "",
    actor_name: str = "",
    project_unsure: bool = False,
    take: bool = False,
    handed: bool = False,
    via: str = "portal",
    known: ProjectFacts | None = None,
    and_first: Callable[[Incident], None] | None = None,
) -> Incident:
    """Log an incident and start its chain, unless `by` takes it in the same act.

    Targets count from `reported_at` (default `now`), under the matrix version in force now. `known` spares gathering
    the project's facts again in a batch. `and_first` tells more of the report before anything comes of it. A request
    (`kind`) pages nobody: it is given to who answers for its topic, unless it is `handed` to somebody by the caller, in
    the same transaction.
    """
    known = known or gather([project], at=now, known_at=now)[project.pk]
    content = known.content.get(priority, escalating.NOTHING_AGREED)
    since = reported_at or now
    respond_by, resolve_by = targets(since, content, known, topic)
    incident = Incident.objects.create(
        project=project,
        project_unsure=project_unsure,
        kind=kind,
        topic=topic,
        priority=priority,
        title=title,
        description=description,
        source=source,
        reporter=reporter,
        intake_key=intake_key,
        dedup_key=dedup_key,
        matrix_version=known.version,
        reported_at=since,
        created_at=now,
        respond_by=respond_by,
        resolve_by=resolve_by,
    )
    said = {"topic": topic.key} if topic else {"priority": priority}
    write(incident, "reported", now=now, by=by, actor_name=actor_name, public=True, source=source, **said)
    if project_unsure:
        write(incident, "project_unsure", now=now, by=by, public=True)
    if and_first is not None:
        and_first(incident)
    if kind == Incident.Kind.INCIDENT:
        facts = known.facts(priority=priority, source=escalating.source_of(incident), pinned={priority: content})
        escalating.start_chain(incident, now=now, facts=facts)
    elif not take and not handed:
        hand_over(incident, known, by=by, now=now)
    if take and by is not None:
        return acknowledge(incident, by=by, now=now, via=via)
    return incident
