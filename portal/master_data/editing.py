"""What every page that edits a row shares: the form, and what happened meanwhile where somebody else was faster."""

from collections.abc import Callable
from typing import Any

from django.db import models
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.audit.wording import shown
from portal.models import Audited
from portal.requests import PageRequest

from . import rows


def show(request: PageRequest, form: Any, *, status: int | None = None, **context: Any) -> HttpResponse:
    """A page with one form; 400 where what was sent is not valid."""
    if status is None:
        status = 400 if form.is_bound and not form.is_valid() else 200
    return render(request, "master_data/form.html", {"form": form, **context}, status=status)


def edit(
    request: PageRequest,
    form: Any,
    row: Audited,
    save: Callable[[], HttpResponse | None],
    **context: Any,
) -> HttpResponse:
    """Save a valid form; where the row has changed meanwhile show both, and keep what was written.

    `save` answers None where it has added an error to the form.
    """
    if request.method == "POST" and form.is_valid():
        try:
            response = save()
        except rows.SeenOlder as older:
            # Saving once more is then a decision: it is made by who has seen what stands there now.
            form.data = form.data.copy()
            form.data["seen"] = rows.seen_of(row)
            meanwhile = shown(older.changes) or [{"what": []}]
            return show(request, form, status=409, meanwhile=meanwhile, now_is=_now_is(form, row), **context)
        if response is not None:
            return response
        return show(request, form, status=400, **context)
    return show(request, form, **context)


def _now_is(form: Any, row: Audited) -> list[tuple[str, str]]:
    """What differs now from what was written: label and the value that stands there."""
    fresh = type(row)._default_manager.get(pk=row.pk)
    stands = rows.values_of(fresh)
    wanted = {
        name: form.cleaned_data[name] for name in stands.keys() - set(row.audit_private) if name in form.cleaned_data
    }
    return [(label_of(row, name), words(stands[name])) for name in wanted if _text(wanted[name]) != words(stands[name])]


def _text(value: Any) -> str:
    if isinstance(value, models.QuerySet):
        value = sorted(str(each) for each in value)
    return words(value if value is None or isinstance(value, bool | list) else str(value))


def label_of(model: models.Model, name: str) -> str:
    if name == "groups":
        return _("Groups")
    return str(getattr(model._meta.get_field(name), "verbose_name", name))


def words(value: Any) -> str:
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
