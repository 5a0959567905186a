"""What is not covered in the coming weeks."""

from typing import Any

from rest_framework import serializers

from matrix.terms import Role
from portal.models import Project
from routing.coverage.findings import Kind, Severity
from routing.coverage.queries import MOST_WEEKS, WEEKS


class CoverageQuery(serializers.Serializer[Any]):
    project = serializers.SlugRelatedField(
        slug_field="key",
        queryset=Project.objects.filter(retired_at=None),
        required=False,
        help_text="key; default: all",
    )
    weeks = serializers.IntegerField(required=False, min_value=1, max_value=MOST_WEEKS, default=WEEKS)


class ConcernSerializer(serializers.Serializer[Any]):
    priority = serializers.CharField()
    route = serializers.CharField()


class PeriodSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField(allow_null=True)


class FindingSerializer(serializers.Serializer[Any]):
    """One thing that is not covered, what to do about it, and whom, what and when it concerns."""

    kind = serializers.CharField(help_text=", ".join(Kind))
    severity = serializers.CharField(help_text=", ".join(Severity))
    title = serializers.CharField()
    text = serializers.CharField()
    to_do = serializers.CharField()
    when = serializers.CharField(help_text="the periods in words")
    projects = serializers.ListField(child=serializers.CharField(), help_text="keys")
    concerns = ConcernSerializer(many=True)
    periods = PeriodSerializer(many=True)
    role = serializers.CharField(allow_null=True, help_text=", ".join(Role))
    subject = serializers.CharField(allow_blank=True, help_text="a person, a rota or support hours; may be empty")
    accepted = serializers.BooleanField(help_text="a target that is missed, as somebody accepted when publishing")


class CoverageSerializer(serializers.Serializer[Any]):
    """The worst first. `gaps` above zero means that somebody would reach nobody."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    projects = serializers.IntegerField(help_text="how many were looked at")
    gaps = serializers.IntegerField()
    risks = serializers.IntegerField()
    notes = serializers.IntegerField()
    findings = FindingSerializer(many=True)
