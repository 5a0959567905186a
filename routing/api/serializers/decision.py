"""The question and the answer of “whom do I contact?”. The answer itself is made by `routing.presentation`."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from matrix import labels
from matrix.models import Topic
from routing.decision import Source

from .fields import CodeSerializer, InstantField


class ContactsQuery(serializers.Serializer[Any]):
    """The parameters; reads `now` from its context. A priority, or a topic instead; empty ones count as not given."""

    priority = serializers.ChoiceField(choices=labels.choices(labels.PRIORITY), required=False)
    topic = serializers.CharField(required=False, help_text="a request instead of an incident")
    # Declared fields are taken out of the class, so the field's own `source` is untouched.
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=[source.value for source in Source], default=Source.CUSTOMER.value
    )
    at = InstantField(required=False, help_text="at most ten years away; now by default")

    def validate_topic(self, key: str) -> Topic:
        topic = Topic.objects.filter(key=key).first()
        if topic is None:
            raise serializers.ValidationError(_("There is no such topic."))
        return topic

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "priority" not in attrs and "topic" not in attrs:
            raise serializers.ValidationError({"priority": _("Give a priority, or a topic instead.")})
        if "priority" in attrs and "topic" in attrs:
            raise serializers.ValidationError({"topic": _("Give a priority or a topic, not both.")})
        return attrs

    def question(self) -> dict[str, Any]:
        """The arguments of `decision_for`; a topic that becomes an incident asks for that priority."""
        given = self.validated_data
        topic: Topic | None = given.get("topic")
        priority = given.get("priority", "")
        if topic is not None and topic.becomes_incident:
            priority, topic = topic.becomes_incident, None
        return {
            "at": given.get("at", self.context["now"]),
            "priority": priority,
            "topic": topic,
            "source": Source(given["source"]),
        }


class CalleeSerializer(serializers.Serializer[Any]):
    """Customers read the public name and number of an on-call link; only staff get `kind`, `id`, `public_name`."""

    name = serializers.CharField()
    phone = serializers.CharField(help_text="E.164 and published; may be empty")
    kind = serializers.CharField(required=False)
    id = serializers.IntegerField(required=False, allow_null=True)
    public_name = serializers.CharField(required=False)


class LinkSerializer(serializers.Serializer[Any]):
    position = serializers.IntegerField(min_value=1)
    role = serializers.ChoiceField(choices=labels.choices(labels.ROLE))
    role_label = serializers.CharField()
    route = serializers.ChoiceField(choices=labels.choices(labels.ROUTE))
    after_minutes = serializers.IntegerField(min_value=0)
    starts_at = serializers.DateTimeField()
    channels = serializers.ListField(child=serializers.ChoiceField(choices=labels.choices(labels.CHANNEL)))
    people = CalleeSerializer(many=True)
    reason = CodeSerializer()
    timing = CodeSerializer(allow_null=True)
    ring_seconds = serializers.IntegerField(allow_null=True)
    informs = serializers.BooleanField()


class PassedOverSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=labels.choices(labels.ROLE))
    role_label = serializers.CharField()
    name = serializers.CharField()
    reason = CodeSerializer()
    until = serializers.DateTimeField(allow_null=True)


class DecisionSerializer(serializers.Serializer[Any]):
    project = serializers.CharField()
    priority = serializers.CharField(help_text="the priority, or the key of the topic")
    source = serializers.ChoiceField(choices=[source.value for source in Source])  # type: ignore[assignment]  # as above
    at = serializers.DateTimeField()
    window = serializers.ChoiceField(choices=labels.choices(labels.WINDOW))
    window_until = serializers.DateTimeField(allow_null=True)
    route = serializers.ChoiceField(choices=labels.choices(labels.ROUTE))
    valid_until = serializers.DateTimeField()
    respond_by = serializers.DateTimeField(allow_null=True)
    matrix_version = serializers.IntegerField(allow_null=True)
    deferred_until = serializers.DateTimeField(allow_null=True)
    chain = LinkSerializer(many=True)
    passed_over = PassedOverSerializer(many=True)
    warnings = CodeSerializer(many=True)
