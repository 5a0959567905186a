"""Names of what the log mentions, read in bulk, and objects by a part of their name."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import CharField, Model, Q, Value
from django.utils.translation import gettext as _

from matrix.models import Matrix
from oncall.models import Rota
from portal.models import Customer, Person, Project, SupportHours, Team

from .queries import Event

OBJECTS: dict[str, type[Model]] = {
    "person": Person,
    "project": Project,
    "customer": Customer,
    "team": Team,
    "rota": Rota,
    "supporthours": SupportHours,
    "matrix": Matrix,
}
SEARCHED = {
    "person": ("name", "email"),
    "project": ("key", "name"),
    "customer": ("key", "name"),
    "team": ("slug", "name"),
    "rota": ("slug", "name"),
    "supporthours": ("slug", "name"),
    "matrix": ("name",),
}
MENTIONED = {
    "person_id": "person",
    "asked_by_id": "person",
    "accepted_by_id": "person",
    "people": "person",
    "asked_of": "person",
    "project_id": "project",
    "projects": "project",
    "hours_id": "supporthours",
    "service_desk_id": "team",
    "team_id": "team",
}
"""What the fields of a row's content refer to."""
MOST_FOUND = 50
"""Objects that one search goes on with."""


class Names:
    """Of everything that some events mention: one query per kind of object, whatever their number."""

    def __init__(self, events: Iterable[Event]) -> None:
        wanted: dict[str, set[int]] = defaultdict(set)
        for event in events:
            if event.by:
                wanted["person"].add(event.by)
            if event.source.about_type:
                wanted[event.source.about_type].add(event.about)
            for name, kind in MENTIONED.items():
                wanted[kind].update(_numbers(event.content.get(name)))
        self._names = {
            kind: {row.pk: str(row) for row in _rows(OBJECTS[kind]).filter(pk__in=numbers)}
            for kind, numbers in wanted.items()
            if numbers
        }

    def of(self, kind: str, number: int | None) -> str:
        return self._names.get(kind, {}).get(number, f"#{number}") if number is not None else ""

    def mentioned(self, field: str, value: Any) -> str:
        """A reference, or several in their order, as names."""
        return ", ".join(self.of(MENTIONED[field], number) for number in _numbers(value))


def _numbers(value: Any) -> list[int]:
    return [number for number in (value if isinstance(value, list) else [value]) if number is not None]


def _rows(model: type[Model]) -> Any:
    """With nothing but what the name is made of: no private number is even read."""
    wanted = {"key", "name"} & {field.name for field in model._meta.concrete_fields}
    return model._base_manager.only("pk", *wanted)


def find_objects(words: str) -> tuple[tuple[str, int], ...]:
    """Every object in whose name, key or address the words occur, in one query."""
    first, *others = [
        OBJECTS[kind]
        ._base_manager.filter(_holds(names, words))
        .annotate(of_kind=Value(kind, output_field=CharField()))
        .order_by("pk")
        .values_list("of_kind", "pk")[:MOST_FOUND]
        for kind, names in SEARCHED.items()
    ]
    return tuple(first.union(*others, all=True))


def _holds(names: tuple[str, ...], words: str) -> Q:
    found = Q()
    for name in names:
        found |= Q(**{f"{name}__icontains": words})
    return found


def one_object(kind: str, number: int) -> str:
    """Its name, or its number where it is no more."""
    row = _rows(OBJECTS[kind]).filter(pk=number).first()
    return str(row) if row else f"#{number}"


def the_portal() -> str:
    """Who acts where no person does."""
    return _("the portal itself")
