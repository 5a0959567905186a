"""Events as lines that people read: who, what, before and after, in the reader's language and zone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.db.models import Model
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from oncall.models import Swap
from portal.audit.wording import NOTHING, Change, changes_in_words, instant, label_of, value_of
from portal.models import AuditEntry, Contact, ContactChange

from .names import MENTIONED, Names, the_portal
from .queries import Event
from .sources import Source

KINDS = dict(AuditEntry.Kind.choices)
ACTIONS = dict(AuditEntry.Action.choices)
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
    changes: tuple[Change, ...]
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
        changes += changes_in_words(first.content["details"], Contact)
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


def _compared(ended: list[Fields], begun: list[Fields]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Change, ...]]:
    """One row in place of one other: what differs. Anything else: all rows of both sides that are not in the other."""
    if len(ended) == len(begun) == 1:
        (old,), (new,) = ended, begun
        differing = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        shared = _text({name: each for name, each in new.items() if name not in differing})
        return (), (shared,) if shared else (), tuple(_change(old.get(name), new.get(name)) for name in differing)
    before, after = ([_text(each) for each in side] for side in (ended, begun))
    same = set(before) & set(after)
    return tuple(t for t in before if t not in same), tuple(t for t in after if t not in same), ()


def _change(old: tuple[str, str] | None, new: tuple[str, str] | None) -> Change:
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
            found["account_closed"] = (label_of("account_closed", model), _("yes"))
        return {"name": (label_of("name", model), event.content["name"]), **found}
    for name, value in content.items():
        stem, _underscore, end = name.rpartition("_")
        if end in ("from", "until") and {f"{stem}_from", f"{stem}_until"} <= content.keys():
            if end == "from":
                found[stem] = (label_of(stem, model), _period(value, content[f"{stem}_until"]))
        elif value not in (None, "", []) and name != "state":
            shown = names.mentioned(name, value) if name in MENTIONED else value_of(name, value, model)
            found[name] = (label_of(name.removesuffix("_id"), model), shown)
    return found


def _period(start: str | None, end: str | None) -> str:
    ends = [instant(each) if each else "…" for each in (start, end)]
    return " – ".join(ends)


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
        changes=changes_in_words(entry["changes"], model),
        why=event.why,
    )


def _model(label: str) -> type[Model] | None:
    try:
        return apps.get_model(label) if label else None
    except LookupError:  # of an app that is no more
        return None


def words_of(line: Line) -> Iterable[str]:
    """The line as cells of a table: who, kind, what, action, object, before, after, why."""
    before = [*line.before, *(f"{label}: {old}" for label, old, _new in line.changes if old != NOTHING)]
    after = [*line.after, *(f"{label}: {new}" for label, _old, new in line.changes if new != NOTHING)]
    return (line.who, line.kind, line.what, line.action, line.about, "; ".join(before), "; ".join(after), line.why)
