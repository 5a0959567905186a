"""What clients send: the filter of the list, a new incident, and what each action takes."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from matrix import labels
from portal.access import may_work
from portal.models import Person, Project, Team
from routing.incidents.models import Incident, IncidentQuerySet, Status

from .fields import InstantField


class IncidentFilter(serializers.Serializer[Any]):
    """Filters of the list; an unknown value is an error, not an empty list."""

    status = serializers.ChoiceField(choices=Status.choices, required=False)
    priority = serializers.ChoiceField(choices=labels.choices(labels.PRIORITY), required=False)
    project = serializers.SlugField(required=False)
    assignee = serializers.CharField(required=False, help_text="an e-mail address, or “me”")
    q = serializers.CharField(
        required=False, max_length=200, help_text="words of title, description or public notes, or a number"
    )

    def validate_project(self, key: str) -> Project:
        return _visible_project(key, self.context["reader"])

    def validate_assignee(self, value: str) -> str:
        if value == "me":
            return str(self.context["reader"].email)
        return str(serializers.EmailField().run_validation(value))

    def apply(self, incidents: IncidentQuerySet) -> IncidentQuerySet:
        """Narrow `incidents` by what was given."""
        given = dict(self.validated_data)
        if email := given.pop("assignee", None):
            # Customers do not read these addresses, and are not to find out by guessing who was on call.
            staff = self.context["reader"].is_staff
            incidents = incidents.filter(assignee__email__iexact=email) if staff else incidents.none()
        if text := given.pop("q", None):
            incidents = incidents.matching(text)
        return incidents.filter(**given)


def _visible_project(key: str, reader: Person) -> Project:
    """The same words whether the project is another customer's or does not exist."""
    project = Project.objects.visible_to(reader).filter(key=key).first()
    if project is None:
        raise serializers.ValidationError(_("There is no such project."))
    return project


class NewIncident(serializers.Serializer[Any]):
    """A new incident. `reported_at`, `reporter` and `take` are for the provider's people, who log for others."""

    project = serializers.CharField()
    priority = serializers.ChoiceField(choices=labels.choices(labels.PRIORITY))
    title = serializers.CharField(max_length=200)
    description = serializers.CharField(required=False, allow_blank=True, default="", max_length=50_000)
    reported_at = InstantField(required=False, help_text="when it was reported; now by default, never in the future")
    reporter = serializers.EmailField(required=False, help_text="the address of a contact of the project")
    take = serializers.BooleanField(default=False, help_text="take it in the same act instead of starting the chain")

    @property
    def sent(self) -> dict[str, Any]:
        """What the client sent, of the fields that count."""
        return {name: value for name, value in self.initial_data.items() if name in self.fields}

    def validate_project(self, key: str) -> Project:
        project = _visible_project(key, self.context["reader"])
        if project.retired_at is not None:
            raise serializers.ValidationError(_("There is no such project."))
        return project

    def validate_reported_at(self, at: datetime) -> datetime:
        if at > self.context["now"]:
            raise serializers.ValidationError(_("The instant is in the future."))
        return at

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        reader: Person = self.context["reader"]
        if not may_work(reader):
            for field in ("reported_at", "reporter", "take"):
                if attrs.get(field):
                    raise serializers.ValidationError({field: _("Only the provider's people may set this.")})
        email = attrs.get("reporter")
        return attrs | {"reporter": self._reporter(email, attrs["project"]) if email else reader}

    def _reporter(self, email: str, project: Project) -> Person:
        person = Person.objects.filter(email__iexact=email, is_active=True).first()
        if person is None or not Project.objects.visible_to(person).filter(pk=project.pk).exists():
            raise serializers.ValidationError({"reporter": _("Nobody of this project has that address.")})
        return person


class Assignment(serializers.Serializer[Any]):
    """To a person or to a team, one of the two."""

    assignee = serializers.EmailField(required=False, help_text="the address of one of the provider's people")
    team = serializers.SlugField(required=False, help_text="the short name of a team")
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2_000, help_text="internal")

    def validate_team(self, slug: str) -> Team:
        team = Team.objects.filter(slug=slug).first()
        if team is None:
            raise serializers.ValidationError(_("There is no such team."))
        return team

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        owners = [attrs[name] for name in ("assignee", "team") if name in attrs]
        if len(owners) != 1:
            raise serializers.ValidationError({"assignee": _("Name a person or a team.")})
        return {"assignee": owners[0], "note": attrs["note"]}

    def validate_assignee(self, email: str) -> Person:
        person = Person.objects.filter(email__iexact=email).first()
        if person is None or not may_work(person):
            raise serializers.ValidationError(_("Nobody who works incidents has that address."))
        return person


class PassOn(serializers.Serializer[Any]):
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2_000)


class Wait(serializers.Serializer[Any]):
    until = InstantField(required=False, allow_null=True, help_text="in the future; without it, for the customer")
    question = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=5_000, help_text="what the customer is asked"
    )

    def validate_until(self, until: datetime | None) -> datetime | None:
        if until is not None and until <= self.context["now"]:
            raise serializers.ValidationError(_("The instant has passed."))
        return until


class Resolution(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=2_000, help_text="what was done")


class PriorityChange(serializers.Serializer[Any]):
    priority = serializers.ChoiceField(choices=labels.choices(labels.PRIORITY))
    reason = serializers.CharField(max_length=2_000, help_text="why; the customer reads it")
    consent = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=200,
        help_text="who of the customer agreed; needed where their Blocker becomes less urgent",
    )


class CallIn(serializers.Serializer[Any]):
    person = serializers.EmailField(help_text="the address of one of the provider's people")
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2_000, help_text="what for")

    def validate_person(self, email: str) -> Person:
        person = Person.objects.filter(email__iexact=email, is_active=True, is_staff=True).first()
        if person is None:
            raise serializers.ValidationError(_("Nobody of the provider has that address."))
        return person


class OtherIncident(serializers.Serializer[Any]):
    number = serializers.CharField(max_length=19, help_text="of the other incident")

    def validate_number(self, number: str) -> Incident:
        key = int(number) if number.isascii() and number.isdigit() else 0
        found = Incident.objects.visible_to(self.context["reader"]).filter(pk=key).first()
        if found is None:
            raise serializers.ValidationError(_("There is no incident with this number."))
        return found


class Reopening(serializers.Serializer[Any]):
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2_000)


class Note(serializers.Serializer[Any]):
    """A note. By default the provider's people write internal ones, customers public ones."""

    text = serializers.CharField(max_length=10_000)
    public = serializers.BooleanField(required=False)
