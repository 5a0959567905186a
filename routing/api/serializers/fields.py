"""Fields and documents that every resource shares."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

REACH = timedelta(days=3653)
"""An instant further from now than ten years is a mistake."""
_LOST_PLUS = re.compile(r"([T ]\d{2}[\d:.,]*) (\d{2}(?::?\d{2})?)$")


@extend_schema_field(OpenApiTypes.DATETIME)
class InstantField(serializers.DateTimeField):
    """An instant in ISO 8601 with offset; reads `now` (aware) from the serializer's context.

    In a query a `+` that was not escaped arrives as a space, and is taken for what was meant.
    """

    default_error_messages = {
        "invalid": _("Not an instant in ISO 8601, like 2026-11-29T03:00:00+01:00."),
        "offset": _("The instant needs an offset from UTC, like +01:00 or Z."),
        "far": _("The instant is more than ten years away."),
    }

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str):
            self.fail("invalid")
        try:
            instant = datetime.fromisoformat(_LOST_PLUS.sub(r"\1+\2", value.strip()))
        except ValueError:
            self.fail("invalid")
        if instant.tzinfo is None:
            self.fail("offset")
        if abs(instant - self.context["now"]) > REACH:
            self.fail("far")
        return instant


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457 problem details."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    # The metaclass takes declared fields out of the class: the serializer's own `errors` is untouched.
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), required=False, help_text="Messages per field."
    )


class TextSerializer(serializers.Serializer[Any]):
    """A text in both languages."""

    de = serializers.CharField()
    en = serializers.CharField()


class TextsSerializer(serializers.Serializer[Any]):
    """A list of texts in both languages."""

    de = serializers.ListField(child=serializers.CharField())
    en = serializers.ListField(child=serializers.CharField())


@extend_schema_field(TextSerializer)
class BilingualField(serializers.Field[Any, Any, Any, Any]):
    """Reads `NAME_de` and `NAME_en` of a row."""

    def __init__(self) -> None:
        super().__init__(source="*", read_only=True)

    def to_representation(self, row: Any) -> dict[str, Any]:
        return {language: getattr(row, f"{self.field_name}_{language}") for language in ("de", "en")}


@extend_schema_field(TextsSerializer)
class BilingualListField(BilingualField):
    """Reads two lists of texts, `NAME_de` and `NAME_en`, of a row."""


class CodeSerializer(serializers.Serializer[Any]):
    """A code for machines and its text in the reader's language."""

    code = serializers.CharField()
    text = serializers.CharField()
