"""Incidents, requests and their timeline."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Greatest, Least
from django.utils.translation import gettext_lazy as _

from matrix import labels
from matrix.models import MatrixVersion, Topic
from matrix.terms import Priority
from portal.models import Person, Project, Team

from . import search


class Status(models.TextChoices):
    NEW = "new", _("new")
    ACKNOWLEDGED = "acknowledged", _("acknowledged")
    IN_PROGRESS = "in_progress", _("in progress")
    WAITING = "waiting", _("waiting")
    RESOLVED = "resolved", _("resolved")
    CLOSED = "closed", _("closed")


OPEN_STATUSES = (Status.NEW, Status.ACKNOWLEDGED, Status.IN_PROGRESS, Status.WAITING)
ENDED = Q(status__in=[Status.RESOLVED, Status.CLOSED])


class IncidentQuerySet(models.QuerySet["Incident"]):
    def visible_to(self, person: Person | AnonymousUser) -> Self:
        """Incidents of the projects the person may see.

        To customers, what monitoring found is shown once somebody took it, and from then on; a Blocker at once, and
        even if it is none any more; and what a report of theirs was merged into. What was over before anybody took it
        stays the provider's own.
        """
        seen = self.filter(project__in=Project.objects.visible_to(person).values("pk"))
        if isinstance(person, Person) and person.is_staff:
            return seen
        unanswered = Q(source=Incident.Source.MONITORING, responded_at=None)
        shown_before = Q(kind__in=["reopened", "undone"]) | Q(kind="priority_changed", data__before=Priority.BLOCKER)
        known = Exists(TimelineEntry.objects.filter(shown_before, incident=OuterRef("pk")))
        # What a customer reported themselves goes on there, so they follow it there.
        reported = IncidentLink.objects.exclude(incident__source=Incident.Source.MONITORING)
        followed = Exists(reported.filter(other=OuterRef("pk"), kind=IncidentLink.Kind.DUPLICATE))
        return seen.exclude(unanswered & ~Q(priority=Priority.BLOCKER) & ~known & ~followed)

    def open(self) -> Self:
        return self.exclude(ENDED)

    def waiting_for_customer(self) -> Self:
        """Those that go on once the customer has answered."""
        return self.filter(status=Status.WAITING, awaits_customer=True)

    def matching(self, words: str) -> Self:
        """Those with this number, or with all of `words` in what they say or in one of their public notes."""
        number = Q(pk=search.number_of(words)) if search.number_of(words) else Q(pk__in=[])
        query = search.query_of(words)
        if query is None:
            return self.filter(number)
        own = Incident.objects.alias(words=search.INCIDENT_WORDS).filter(words=query)
        notes = TimelineEntry.objects.filter(search.PUBLIC_NOTES).alias(words=search.NOTE_WORDS).filter(words=query)
        # Each half has an index of its own; an "or" of the two would use neither.
        found = own.order_by().values("pk").union(notes.order_by().values("incident"))
        return self.filter(number | Q(pk__in=found))


class Incident(models.Model):
    """A disturbance (or a request) of one project; its number is its primary key."""

    class Kind(models.TextChoices):
        INCIDENT = "incident", _("incident")
        REQUEST = "request", _("request")

    class Source(models.TextChoices):
        MONITORING = "monitoring", _("monitoring")
        PORTAL = "portal", _("portal")
        PHONE = "phone", _("phone")
        API = "api", _("API")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.INCIDENT)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="incidents", verbose_name=_("project"))
    priority = models.CharField(_("priority"), max_length=8, choices=labels.choices(labels.PRIORITY))
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.NEW)
    source = models.CharField(_("source"), max_length=10, choices=Source)
    project_unsure = models.BooleanField(
        _("project not certain"), default=False, help_text=_("the reporter did not know which; somebody will")
    )
    topic = models.ForeignKey(
        Topic, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("topic")
    )
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    reporter = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="reported", verbose_name=_("reporter")
    )
    assignee = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="assigned", verbose_name=_("assignee")
    )
    team = models.ForeignKey(
        Team,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="incidents",
        verbose_name=_("team"),
        help_text=_("which has it while none of its people has"),
    )
    intake_key = models.ForeignKey(
        "IntakeKey",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="incidents",
        verbose_name=_("intake key"),
    )
    dedup_key = models.CharField(_("deduplication key"), max_length=255, blank=True)
    matrix_version = models.ForeignKey(
        MatrixVersion, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("matrix version")
    )
    reported_at = models.DateTimeField(_("reported at"))
    respond_by = models.DateTimeField(_("respond by"), null=True)
    resolve_by = models.DateTimeField(_("resolve by"), null=True)
    responded_at = models.DateTimeField(_("responded at"), null=True, blank=True)
    restored_at = models.DateTimeField(_("restored at"), null=True, blank=True)
    waiting_until = models.DateTimeField(_("waiting until"), null=True, blank=True)
    awaits_customer = models.BooleanField(
        _("awaits the customer"), default=False, help_text=_("of one that waits: the customer has been asked")
    )
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    progress_due_at = models.DateTimeField(
        _("progress due at"),
        null=True,
        blank=True,
        help_text=_("when it is looked at again unless somebody makes progress before"),
    )
    reminded_at = models.DateTimeField(_("reminded at"), null=True, blank=True, help_text=_("since the last progress"))
    created_at = models.DateTimeField(_("created at"))

    objects = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ["-pk"]
        constraints = [
            # A signal joins the open incident with its dedup key: at most one of those can exist per intake key.
            models.UniqueConstraint(
                fields=["intake_key", "dedup_key"],
                condition=~Q(dedup_key="") & Q(intake_key__isnull=False) & ~ENDED,
                name="incident_open_dedup_key",
            ),
            models.CheckConstraint(condition=~Q(title=""), name="incident_has_a_title"),
            models.CheckConstraint(condition=Q(assignee=None) | Q(team=None), name="incident_has_one_owner"),
        ]
        indexes = [
            models.Index(fields=["respond_by"], condition=Q(status="new"), name="incident_unacknowledged"),
            models.Index(fields=["project", "-id"], name="incident_of_project"),
            models.Index(fields=["assignee", "-id"], condition=~ENDED, name="incident_of_assignee"),
            models.Index(fields=["team", "-id"], condition=~ENDED & Q(team__isnull=False), name="incident_of_team"),
            models.Index(fields=["status", "-id"], name="incident_status"),
            models.Index(
                fields=["progress_due_at"], condition=Q(progress_due_at__isnull=False), name="incident_progress_due"
            ),
            GinIndex(search.INCIDENT_WORDS, name="incident_words"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.title}"

    @property
    def number(self) -> str:
        """The number people say and the API carries; a string."""
        return str(self.pk)

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def owner_name(self) -> str:
        """Who has it, by name: a person or a team. For the provider's own people."""
        if self.assignee:
            return self.assignee.name
        return self.team.name if self.team else ""

    @property
    def waits_for_customer(self) -> bool:
        return self.status == Status.WAITING and self.awaits_customer


class TimelineEntry(models.Model):
    """What happened, who or what did it, and why. Append-only: a database trigger refuses change.

    `kind` names a sentence of `routing/incidents/wording.py`, `data` fills it; so the text is in the reader's
    language. `actor_name` names what is no person: monitoring, the portal, a phone.
    """

    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, related_name="timeline", verbose_name=_("incident")
    )
    at = models.DateTimeField(_("instant"))
    kind = models.CharField(_("kind"), max_length=40)
    actor = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("actor"))
    actor_name = models.CharField(_("actor's name"), max_length=120, blank=True)
    data = models.JSONField(_("data"), default=dict)
    public = models.BooleanField(_("public"), default=False)

    class Meta:
        verbose_name = _("timeline entry")
        verbose_name_plural = _("timeline")
        ordering = ["incident", "pk"]
        indexes = [
            GinIndex(search.NOTE_WORDS, condition=search.PUBLIC_NOTES, name="timeline_public_words"),
            # What is only ever appended lies in the order of its instants: a few pages of index tell which to read.
            BrinIndex(fields=["at"], autosummarize=True, name="timeline_at"),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.kind}"


class CustomerWait(models.Model):
    """While the customer was waited for: from the question until work went on. At most one is under way.

    Where the matrix says so, the clock of the resolution stands still meanwhile.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="waits", verbose_name=_("incident"))
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True)

    class Meta:
        verbose_name = _("wait for the customer")
        verbose_name_plural = _("waits for the customer")
        ordering = ["incident", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["incident"], condition=Q(until=None), name="customer_wait_one_under_way"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="customer_wait_forwards"),
        ]

    def __str__(self) -> str:
        return f"#{self.incident_id} {self.since}"


class IncidentLinkQuerySet(models.QuerySet["IncidentLink"]):
    def visible_to(self, person: Person | AnonymousUser) -> Self:
        """Links whose both ends the person may see: a customer learns nothing of another's incident."""
        seen = Incident.objects.visible_to(person).order_by().values("pk")
        return self.filter(incident__in=seen, other__in=seen)

    def of(self, incident: Incident) -> Self:
        """Those at whose one end `incident` is."""
        return self.filter(Q(incident=incident) | Q(other=incident))


class IncidentLink(models.Model):
    """Two incidents that belong together: related to each other, or `incident` a duplicate of `other`.

    Read through `visible_to`. Two that are related stand in the order of their numbers; a pair has one link.
    """

    class Kind(models.TextChoices):
        RELATED = "related", _("related to")
        DUPLICATE = "duplicate", _("duplicate of")

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="links", verbose_name=_("incident"))
    other = models.ForeignKey(
        Incident, on_delete=models.CASCADE, related_name="links_to_it", verbose_name=_("other incident")
    )
    kind = models.CharField(_("kind"), max_length=9, choices=Kind, default=Kind.RELATED)
    linked_by = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("linked by")
    )
    linked_at = models.DateTimeField(_("linked at"))

    objects = IncidentLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("link between incidents")
        verbose_name_plural = _("links between incidents")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                Least("incident", "other"), Greatest("incident", "other"), name="incident_link_once"
            ),
            models.UniqueConstraint(
                fields=["incident"], condition=Q(kind="duplicate"), name="incident_link_one_original"
            ),
            models.CheckConstraint(
                condition=Q(kind="duplicate") & ~Q(incident=F("other")) | Q(kind="related", incident__lt=F("other")),
                name="incident_link_of_two",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.incident_id} {self.kind} #{self.other_id}"


class IdempotencyKey(models.Model):
    """A client's key for one creation: the same key again answers with the same incident."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+", verbose_name=_("person"))
    key = models.CharField(_("key"), max_length=255)
    fingerprint = models.CharField(
        _("fingerprint"), max_length=64, help_text=_("SHA-256 of the request, to refuse another one")
    )
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+", verbose_name=_("incident"))
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return self.key
