"""Rotas and who is on duty, as the reader may see them."""

from typing import Any

from rest_framework import serializers

from .fields import CodeSerializer, InstantField, TextSerializer


class OnCallQuery(serializers.Serializer[Any]):
    """Reads `now` from its context."""

    at = InstantField(required=False, help_text="at most ten years away; now by default")


class RotaSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField(help_text="for customers the public name")
    public_name = TextSerializer()
    zone = serializers.CharField(help_text="IANA name")
    duty_number = serializers.CharField(help_text="E.164; empty if there is none")
    projects = serializers.ListField(child=serializers.CharField(), help_text="keys of the projects covered now")


class HolderSerializer(serializers.Serializer[Any]):
    """Customers read the rota's public name and duty number; staff the person."""

    name = serializers.CharField()
    phone = serializers.CharField(help_text="the duty number, E.164; may be empty")
    email = serializers.EmailField(required=False)


class OnCallSerializer(serializers.Serializer[Any]):
    """Who is on duty at an instant; nobody is null and a warning. `until` null: no change within 14 days."""

    rota = serializers.CharField(help_text="slug")
    at = serializers.DateTimeField()
    primary = HolderSerializer(allow_null=True)
    backup = HolderSerializer(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    warnings = CodeSerializer(many=True)
