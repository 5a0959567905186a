"""Where the log is read from: every table that knows who wrote a row, and when.

What is recorded says by itself who began to believe a row and who closed it; there is no second copy of it. Each
table is asked for the same columns, so that one query reads them all in the order of time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Model, OuterRef, Q, QuerySet, Value
from django.db.models.functions import JSONObject

from matrix.models import MatrixVersion
from oncall.models import Absence, Override, RotaCoverage, Rotation, RotationMember, Swap, SwapRequest
from portal.models import (
    Assignment,
    AuditEntry,
    ContactChange,
    DatedOpening,
    EscalationManager,
    Maintenance,
    Membership,
    ProjectSupport,
    WeeklyOpening,
)

Kind = AuditEntry.Kind
ALL = Q()


@dataclass(frozen=True)
class Source:
    """One kind of event in one table: at which instant it happened, by whom, and what the row says.

    `about` is the column of the object that its lines are about, `found_by` every way to an object it is found by.
    `side` is "before" where the event ended a row, "after" where it began one.
    """

    name: str
    model: type[Model]
    kind: str
    at: str
    by: str | None
    why: str | None
    about: str
    about_type: str
    side: str = "after"
    fields: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    found_by: Mapping[str, str] = field(default_factory=dict)
    only: Q = ALL
    title: Any = ""

    def rows(self) -> QuerySet[Any]:
        return self.model._base_manager.filter(self.only)

    @property
    def names(self) -> tuple[str, ...]:
        """What the content holds, in the order in which people read it."""
        return (*self.fields, *self.extra)

    def content(self) -> Any:
        """The row as JSON, with no field that is not named here."""
        return JSONObject(**{name: F(name) for name in self.fields}, **self.extra)


def _recorded(
    model: type[Model], kind: str, about: str, about_type: str, *fields: str, why: bool = True, **more: Any
) -> list[Source]:
    """A row that is believed from one instant to another tells two things."""
    periods = {
        f"{name}_{end}": F(f"{name}__{lookup}")
        for name in more.pop("periods", ())
        for end, lookup in (("from", "startswith"), ("until", "endswith"))
    }
    extra = {**periods, **more.pop("extra", {})}
    name = str(model._meta.model_name)
    same: dict[str, Any] = {
        "model": model,
        "kind": kind,
        "about": about,
        "about_type": about_type,
        "fields": fields,
        "extra": extra,
    }
    same |= {"title": model._meta.verbose_name, **more}
    began = Source(
        name=name, at="recorded__startswith", by="recorded_by_id", why="recorded_why" if why else None, **same
    )
    ended = Source(
        name=name,
        at="recorded__endswith",
        by="closed_by_id",
        why="closed_why" if why else None,
        side="before",
        **{**same, "only": Q(recorded__endswith__isnull=False)},
    )
    return [ended, began]


def _members(model: type[Model], key: str, column: str, *order: str) -> ArraySubquery:
    return ArraySubquery(model._base_manager.filter(**{key: OuterRef("pk")}).order_by(*order, column).values(column))


_PEOPLE_OF_ROTATION = _members(RotationMember, "rotation", "person_id", "position")
_ROTA_PERSON = {"rota": "rota", "person": "person"}
_PROJECT_PERSON = {"project": "project", "person": "person", "customer": "project__customer"}
_OF_SWAP = {"rota": "rota", "person": "asked_by"}

SOURCES: tuple[Source, ...] = (
    Source(
        name="auditentry",
        model=AuditEntry,
        kind="",
        at="at",
        by="by_id",
        why="why",
        about="object_id",
        about_type="",
        fields=("action", "model", "name", "changes", "object_type", "kind"),
    ),
    Source(
        name="matrixversion",
        model=MatrixVersion,
        kind=Kind.MATRICES,
        at="published_at",
        by="published_by_id",
        why="reason",
        about="matrix_id",
        about_type="matrix",
        fields=("number", "effective_from", "accepted_findings"),
        found_by={"matrix": "matrix", "project": "matrix__project", "customer": "matrix__project__customer"},
        only=Q(published_at__isnull=False),
        title=MatrixVersion._meta.verbose_name,
    ),
    *(
        Source(
            name="swap",
            model=Swap,
            kind=Kind.ROSTERS,
            at=at,
            by=by,
            why=None,
            about="rota_id",
            about_type="rota",
            fields=("line", "asked_by_id", "takes_line"),
            extra={
                "state": state,
                "gives_from": F("gives__startswith"),
                "gives_until": F("gives__endswith"),
                "accepted_by_id": F("accepted_by_id") if at == "answered_at" else Value(None),
                "asked_of": _members(SwapRequest, "swap", "person_id"),
            },
            found_by=_OF_SWAP,
            only=only,
            title=Swap._meta.verbose_name,
        )
        for at, by, state, only in (
            ("asked_at", "asked_by_id", Value("asked"), Q()),
            ("answered_at", "accepted_by_id", F("state"), Q(answered_at__isnull=False)),
        )
    ),
    Source(
        name="contactchange",
        model=ContactChange,
        kind=Kind.CONTACTS,
        at="at",
        by="by_id",
        why=None,
        about="customer_id",
        about_type="customer",
        fields=("kind", "name", "details", "account_closed"),
        found_by={"customer": "customer", "person": "contact__person"},
        title=ContactChange._meta.verbose_name,
    ),
    *_recorded(
        Assignment,
        Kind.PROJECTS,
        "project_id",
        "project",
        "role",
        "person_id",
        "order",
        periods=("valid",),
        found_by=_PROJECT_PERSON,
    ),
    *_recorded(
        ProjectSupport,
        Kind.PROJECTS,
        "project_id",
        "project",
        "hours_id",
        "service_desk_id",
        "team_id",
        found_by={
            "project": "project",
            "customer": "project__customer",
            "team": "team",
            "supporthours": "hours",
        },
    ),
    *_recorded(
        Membership,
        Kind.TEAMS,
        "team_id",
        "team",
        "person_id",
        "speciality",
        found_by={"team": "team", "person": "person"},
    ),
    *_recorded(
        WeeklyOpening,
        Kind.HOURS,
        "hours_id",
        "supporthours",
        "weekday",
        "opens",
        "closes",
        found_by={"supporthours": "hours"},
    ),
    *_recorded(
        DatedOpening,
        Kind.HOURS,
        "hours_id",
        "supporthours",
        "day",
        "opens",
        "closes",
        "label",
        found_by={"supporthours": "hours"},
    ),
    *_recorded(
        Maintenance,
        Kind.HOURS,
        "announced_by_id",
        "",
        "text_de",
        "text_en",
        "cancelled_at",
        periods=("period",),
        extra={"projects": _members(Maintenance.projects.through, "maintenance", "project_id")},
        found_by={"project": "projects", "customer": "projects__customer"},
    ),
    *_recorded(
        EscalationManager,
        Kind.INSTALLATION,
        "id",
        "",
        "person_id",
        "order",
        found_by={"person": "person"},
    ),
    *_recorded(
        RotaCoverage,
        Kind.ROSTERS,
        "rota_id",
        "rota",
        "project_id",
        periods=("valid",),
        found_by={"rota": "rota", "project": "project", "customer": "project__customer"},
    ),
    *_recorded(
        Rotation,
        Kind.ROSTERS,
        "rota_id",
        "rota",
        "line",
        "handover_weekday",
        "handover_time",
        "period_days",
        periods=("valid",),
        extra={"people": _PEOPLE_OF_ROTATION},
        found_by={"rota": "rota", "person": "members"},
    ),
    *_recorded(
        Override, Kind.ROSTERS, "rota_id", "rota", "line", "person_id", periods=("period",), found_by=_ROTA_PERSON
    ),
    # Why an absence was recorded is not shown: it could be the reason of the absence, which is nobody's business.
    *_recorded(
        Absence,
        Kind.ROSTERS,
        "person_id",
        "person",
        "kind",
        periods=("period",),
        found_by={"person": "person"},
        why=False,
    ),
)
