"""Projects, and the matrix in force."""

from collections import defaultdict
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from matrix import labels
from matrix.models import Cell, MatrixVersion, PriorityTerms, Reporting, Step
from matrix.terms import Priority
from portal.models import Customer, Project

from .fields import BilingualField, BilingualListField


class CustomerSerializer(serializers.ModelSerializer[Customer]):
    class Meta:
        model = Customer
        fields = ["key", "name"]


class ProjectSerializer(serializers.ModelSerializer[Project]):
    customer = CustomerSerializer()
    hotline = serializers.CharField(help_text="E.164; empty if there is none")

    class Meta:
        model = Project
        fields = ["key", "name", "customer", "hotline", "languages", "retired_at"]


class StepSerializer(serializers.ModelSerializer[Step]):
    after_minutes = serializers.SerializerMethodField(help_text="minutes after the chain's start")

    class Meta:
        model = Step
        fields = ["position", "role", "channels", "wait", "after_minutes", "ring_seconds", "informs"]

    def get_after_minutes(self, step: Step) -> int:
        steps = step.cell.steps.all()
        return sum(earlier.wait for earlier in steps if earlier.position < step.position)


class CellSerializer(serializers.ModelSerializer[Cell]):
    steps = StepSerializer(many=True)

    class Meta:
        model = Cell
        fields = ["route", "defers", "defers_outside_hours", "steps"]


class ReportingSerializer(serializers.ModelSerializer[Reporting]):
    ways = serializers.ListField(
        child=serializers.ChoiceField(choices=labels.choices(labels.REPORT_WAY)), help_text="the required one first"
    )
    instruction = BilingualField()

    class Meta:
        model = Reporting
        fields = ["window", "ways", "instruction"]


class TargetsSerializer(serializers.ModelSerializer[PriorityTerms]):
    """Minutes on the clock named; null: not promised."""

    class Meta:
        model = PriorityTerms
        fields = [
            "response_minutes",
            "resolution_minutes",
            "update_minutes",
            "progress_minutes",
            "clock",
            "pauses_while_waiting",
        ]


class RoutesSerializer(serializers.Serializer[Any]):
    """Who is called, per route."""

    business_hours = CellSerializer(allow_null=True)
    after_hours = CellSerializer(allow_null=True)
    monitoring = CellSerializer(allow_null=True)


class WindowsSerializer(serializers.Serializer[Any]):
    """How to report, per window."""

    business_hours = ReportingSerializer(allow_null=True)
    after_hours = ReportingSerializer(allow_null=True)


class PrioritySerializer(serializers.ModelSerializer[PriorityTerms]):
    """One priority; `reporting` and `cells` of the whole version come from the context, by priority."""

    definition = BilingualField()
    examples = BilingualListField()
    targets = TargetsSerializer(source="*")
    reporting = serializers.SerializerMethodField()
    routes = serializers.SerializerMethodField()

    class Meta:
        model = PriorityTerms
        fields = ["priority", "definition", "examples", "targets", "reporting", "routes"]

    @extend_schema_field(WindowsSerializer)
    def get_reporting(self, terms: PriorityTerms) -> Any:
        return WindowsSerializer(self.context["reporting"][terms.priority]).data

    @extend_schema_field(RoutesSerializer)
    def get_routes(self, terms: PriorityTerms) -> Any:
        return RoutesSerializer(self.context["cells"][terms.priority]).data


class MatrixSerializer(serializers.ModelSerializer[MatrixVersion]):
    """A published version with everything it holds; read it `with_content()`."""

    project = serializers.CharField(source="matrix.project.key")
    version = serializers.IntegerField(source="number")
    title = BilingualField()
    priorities = serializers.SerializerMethodField()

    class Meta:
        model = MatrixVersion
        fields = ["project", "version", "title", "effective_from", "published_at", "priorities"]

    @extend_schema_field(PrioritySerializer(many=True))
    def get_priorities(self, version: MatrixVersion) -> Any:
        reporting: dict[str, dict[str, Reporting]] = defaultdict(dict)
        for way in version.reporting.all():
            reporting[way.priority][way.window] = way
        cells: dict[str, dict[str, Cell]] = defaultdict(dict)
        for cell in version.cells.all():
            cells[cell.priority][cell.route] = cell
        terms = sorted(version.terms.all(), key=lambda each: list(Priority).index(Priority(each.priority)))
        return PrioritySerializer(terms, many=True, context={"reporting": reporting, "cells": cells}).data
