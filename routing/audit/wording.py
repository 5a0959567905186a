"""Events as lines that people read: who, what, before and after, in the reader's language and zone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format, time_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from phonenumber_field.modelfields import PhoneNumberField

from oncall.models import Swap
from portal.models import AuditEntry, Contact, ContactChange
from portal.templatetags.pages import phone

from .names import MENTIONED, Names, the_portal
from .queries import Event
from .sources import Source

NOTHING = "–"
KINDS = dict(AuditEntry.Kind.choices)
ACTIONS = dict(AuditEntry.Action.choices)
LABELS: Mapping[str, Any] = {
    "people": gettext_lazy("members"),
    "asked_of": gettext_lazy("asked of"),
    "projects": gettext_lazy("projects"),
    "groups": gettext_lazy("groups"),
    "token_key": gettext_lazy("token"),
    "type": gettext_lazy("type"),
    "limited_to": gettext_lazy("limited to projects"),
    "hours": gettext_lazy("reachable"),
}
"""What is no field of the row itself, or reads better than the field's own name."""


OF_THEMSELVES = (AuditEntry.Kind.SIGN_INS, AuditEntry.Kind.NUMBERS)
"""Kinds whose actions say all that there is to say."""


@dataclass(frozen=True)
class Line:
    """One act: `before` and `after` are rows in words, `changes` single fields with old and new value."""

    at: datetime
    who: str
    by: int
    kind: str
    what: str
    action: str
    about: str
    about_link: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    changes: tuple[tuple[str, str, str], ...]
    why: str


def lines(acts: list[list[Event]]) -> list[Line]:
    """Every act in words, the names in a fixed number of queries."""
    names = Names(event for act in acts for event in act)
    return [_line(act, names) for act in acts]


def _line(act: list[Event], names: Names) -> Line:
    first = act[0]
    source = first.source
    if source.model is AuditEntry:
        return _of_entry(first, names)
    ended = [_fields(event, names) for event in act if event.source.side == "before"]
    begun = [_fields(event, names) for event in act if event.source.side == "after"]
    before, after, changes = _compared(ended, begun)
    if source.name == "contactchange":
        changes += _changes(first.content["details"], Contact)
    return Line(
        at=first.at,
        who=_who(first, names),
        by=first.by or 0,
        kind=str(KINDS[source.kind]),
        what=capfirst(str(source.title)),
        action=_action(source, first, ended=bool(ended), begun=bool(begun)),
        about=names.of(source.about_type, first.about) if source.about_type else "",
        about_link=f"{source.about_type}:{first.about}" if source.about_type else "",
        before=before,
        after=after,
        changes=changes,
        why=" · ".join(dict.fromkeys(event.why for event in act if event.why)),
    )


def _who(event: Event, names: Names) -> str:
    return names.of("person", event.by) if event.by else the_portal()


def _action(source: Source, event: Event, *, ended: bool, begun: bool) -> str:
    if source.name == "swap":
        return str(Swap.State(event.content["state"]).label)
    if source.name == "contactchange":
        return str(ContactChange.Kind(event.content["kind"]).label)
    if source.name == "matrixversion":
        return _("published")
    if ended and begun:
        return str(ACTIONS["changed"])
    return _("ended") if ended else _("added")


Fields = dict[str, tuple[str, str]]
"""Name of a field → its label and its value, both in words."""


def _compared(
    ended: list[Fields], begun: list[Fields]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, str, str], ...]]:
    """One row in place of one other: what differs. Anything else: all rows of both sides that are not in the other."""
    if len(ended) == len(begun) == 1:
        (old,), (new,) = ended, begun
        differing = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        shared = _text({name: each for name, each in new.items() if name not in differing})
        return (), (shared,) if shared else (), tuple(_change(old.get(name), new.get(name)) for name in differing)
    before, after = ([_text(each) for each in side] for side in (ended, begun))
    same = set(before) & set(after)
    return tuple(t for t in before if t not in same), tuple(t for t in after if t not in same), ()


def _change(old: tuple[str, str] | None, new: tuple[str, str] | None) -> tuple[str, str, str]:
    label, _value = new or old or ("", "")
    return label, old[1] if old else NOTHING, new[1] if new else NOTHING


def _text(fields: Fields) -> str:
    return " · ".join(f"{label}: {value}" for label, value in fields.values())


def _fields(event: Event, names: Names) -> Fields:
    """What the row says, without what it does not."""
    model = event.source.model
    content = {name: event.content[name] for name in event.source.names if name in event.content}
    found: Fields = {}
    if event.source.name == "contactchange":
        if event.content["account_closed"]:
            found["account_closed"] = (_label("account_closed", model), _("yes"))
        return {"name": (_label("name", model), event.content["name"]), **found}
    for name, value in content.items():
        stem, _underscore, end = name.rpartition("_")
        if end in ("from", "until") and {f"{stem}_from", f"{stem}_until"} <= content.keys():
            if end == "from":
                found[stem] = (_label(stem, model), _period(value, content[f"{stem}_until"]))
        elif value not in (None, "", []) and name != "state":
            shown = names.mentioned(name, value) if name in MENTIONED else _value(name, value, model)
            found[name] = (_label(name.removesuffix("_id"), model), shown)
    return found


def _period(start: str | None, end: str | None) -> str:
    ends = [_instant(each) if each else "…" for each in (start, end)]
    return " – ".join(ends)


def _instant(value: str) -> str:
    return date_format(timezone.localtime(datetime.fromisoformat(value)), "SHORT_DATETIME_FORMAT")


def _label(name: str, model: type[Model] | None) -> str:
    if name in LABELS:
        return str(LABELS[name])
    fields = {field.name: field for field in model._meta.concrete_fields} if model else {}
    return str(fields[name].verbose_name) if name in fields else name


def _value(name: str, value: Any, model: type[Model] | None) -> str:
    """A stored value as people read it."""
    if value in (None, "", []):
        return NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in ("weekday", "handover_weekday") and isinstance(value, int):
        return str(WEEKDAYS.get(value, value))
    if name == "accepted_findings":
        return ", ".join(f"{each.get('priority')} {each.get('route')}" for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} → {each}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return _of_field(name, value, model)


def _of_field(name: str, value: Any, model: type[Model] | None) -> str:
    fields = {field.name: field for field in model._meta.concrete_fields} if model else {}
    field = fields.get(name)
    if field is None:
        return str(value)
    if isinstance(field, PhoneNumberField):
        return phone(value)
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    kind = field.get_internal_type()
    try:
        if kind == "DateTimeField":
            return _instant(value)
        if kind == "DateField":
            return date_format(date.fromisoformat(value), "SHORT_DATE_FORMAT")
        if kind == "TimeField":
            return time_format(time.fromisoformat(value), "TIME_FORMAT")
    except ValueError:
        return str(value)
    return str(value)


# --- Entries of the log's own table ---------------------------------------------------------------------------


def _of_entry(event: Event, names: Names) -> Line:
    entry = event.content
    model = _model(entry["model"])
    about_link = f"{entry['object_type']}:{event.about}" if entry["object_type"] and event.about else ""
    return Line(
        at=event.at,
        who=_who(event, names),
        by=event.by or 0,
        kind=str(KINDS.get(entry["kind"], entry["kind"])),
        what=capfirst(str(model._meta.verbose_name)) if model and entry["kind"] not in OF_THEMSELVES else "",
        action=str(ACTIONS.get(entry["action"], entry["action"])),
        about=entry["name"],
        about_link=about_link,
        before=(),
        after=(),
        changes=_changes(entry["changes"], model),
        why=event.why,
    )


def _model(label: str) -> type[Model] | None:
    try:
        return apps.get_model(label) if label else None
    except LookupError:  # of an app that is no more
        return None


def _changes(changes: Any, model: type[Model] | None) -> tuple[tuple[str, str, str], ...]:
    told = _in_order(changes, model) if isinstance(changes, dict) else []
    return tuple(
        (_label(name, model), _value(name, pair[0], model), _value(name, pair[1], model))
        for name, pair in told
        if isinstance(pair, list) and len(pair) == len("ab")
    )


def _in_order(changes: dict[str, Any], model: type[Model] | None) -> list[tuple[str, Any]]:
    """As the row has its fields: the database keeps them in no order that means anything."""
    names = [field.name for field in model._meta.concrete_fields] if model else []
    return sorted(changes.items(), key=lambda each: names.index(each[0]) if each[0] in names else -1)


def words_of(line: Line) -> Iterable[str]:
    """The line as cells of a table: who, kind, what, action, object, before, after, why."""
    before = [*line.before, *(f"{label}: {old}" for label, old, _new in line.changes if old != NOTHING)]
    after = [*line.after, *(f"{label}: {new}" for label, _old, new in line.changes if new != NOTHING)]
    return (line.who, line.kind, line.what, line.action, line.about, "; ".join(before), "; ".join(after), line.why)
