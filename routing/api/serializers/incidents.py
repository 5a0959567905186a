"""Incidents as they are read: the incident, its timeline and its pages, as the reader may see them."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.models import Person
from routing.incidents.models import Incident, TimelineEntry
from routing.incidents.wording import text_of
from routing.paging.models import Delivery, Escalation, Page
from routing.presentation import actor_for, person_for


class PersonSerializer(serializers.Serializer[Any]):
    """A person as the reader may see them: an on-call engineer has no name of their own for customers."""

    name = serializers.CharField()
    email = serializers.EmailField(required=False)


class PersonField(serializers.Field[Any, Any, Any, Any]):
    """Shows a person through the one gate for personal data; reads `reader` from the context."""

    def to_representation(self, person: Person) -> Any:
        return person_for(person, self.context["reader"])


NullablePerson = extend_schema_field(PersonSerializer(allow_null=True))(PersonField)


class EscalationSerializer(serializers.ModelSerializer[Escalation]):
    """Where the chain stands: `step` is the next one, counted from 0; `due_at` is when it goes on."""

    class Meta:
        model = Escalation
        fields = ["state", "route", "round", "step", "due_at"]


class IncidentSerializer(serializers.ModelSerializer[Incident]):
    """An incident or request; `escalation` is for the provider's people only."""

    number = serializers.CharField()
    project = serializers.SlugRelatedField[Any](slug_field="key", read_only=True)
    reporter = NullablePerson(read_only=True, allow_null=True)
    assignee = NullablePerson(read_only=True, allow_null=True)
    team = serializers.SlugRelatedField[Any](
        slug_field="slug", read_only=True, allow_null=True, help_text="which has it while none of its people has"
    )
    url = serializers.SerializerMethodField(help_text="of this resource")
    html_url = serializers.SerializerMethodField(help_text="of the page for people")
    escalation = serializers.SerializerMethodField(required=False)

    class Meta:
        model = Incident
        fields = [
            "number",
            "kind",
            "project",
            "priority",
            "status",
            "source",
            "title",
            "description",
            "reporter",
            "assignee",
            "team",
            "reported_at",
            "respond_by",
            "resolve_by",
            "responded_at",
            "restored_at",
            "waiting_until",
            "created_at",
            "url",
            "html_url",
            "escalation",
        ]

    @extend_schema_field(serializers.URLField())
    def get_url(self, incident: Incident) -> str:
        return f"{settings.PUBLIC_URL}{reverse('api-incidents-detail', kwargs={'number': incident.pk})}"

    @extend_schema_field(serializers.URLField())
    def get_html_url(self, incident: Incident) -> str:
        return f"{settings.PUBLIC_URL}/incidents/{incident.pk}/"

    @extend_schema_field(EscalationSerializer(allow_null=True))
    def get_escalation(self, incident: Incident) -> Any:
        escalation = getattr(incident, "escalation", None)
        return EscalationSerializer(escalation).data if escalation else None

    def to_representation(self, incident: Incident) -> Any:
        shown = super().to_representation(incident)
        if not self.context["reader"].is_staff:
            del shown["escalation"]
        return shown


class TimelineEntrySerializer(serializers.ModelSerializer[TimelineEntry]):
    """One thing that happened, as a sentence in the reader's language."""

    actor = serializers.SerializerMethodField(help_text="who or what did it; may be empty")
    text = serializers.SerializerMethodField()

    class Meta:
        model = TimelineEntry
        fields = ["at", "kind", "actor", "text", "public"]

    def get_actor(self, entry: TimelineEntry) -> str:
        return actor_for(entry, self.context["reader"])

    def get_text(self, entry: TimelineEntry) -> str:
        return text_of(entry)


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    channel = serializers.CharField(help_text="voice, sms, push or email")

    class Meta:
        model = Delivery
        fields = [
            "kind",
            "channel",
            "state",
            "attempts",
            "provider_id",
            "error",
            "created_at",
            "sent_at",
            "finished_at",
        ]


class PageSerializer(serializers.ModelSerializer[Page]):
    """One person, team or phone called at one step of one round, with every message to them."""

    person = serializers.CharField(source="name", help_text="the person's, team's or last resort's name")
    route = serializers.CharField(
        help_text="the chain's route; “alarm”, “direct” or “call_in” where it is no link of a chain"
    )
    deliveries = DeliverySerializer(many=True)

    class Meta:
        model = Page
        fields = [
            "person",
            "role",
            "route",
            "step",
            "round",
            "informs",
            "state",
            "created_at",
            "answered_at",
            "deliveries",
        ]
