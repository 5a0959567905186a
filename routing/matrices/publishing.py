"""Publishing: a draft, or an old version once more; with a reason, at once or at an instant."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Max
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from matrix import labels
from matrix.changes import changes
from matrix.drafts import publish_again
from matrix.facts import whole
from matrix.models import MatrixVersion
from matrix.services import (
    AlreadyPublished,
    ChainMissesTarget,
    Discarded,
    Incomplete,
    Seen,
    answer_margin,
    findings_in,
    publish,
)
from matrix.terms import Priority
from matrix.wording import change_text
from portal import clock
from portal.services import ChangedMeanwhile
from routing.pages.requests import PageRequest, administrators_only, page

from .editing import find, frame, in_force_of, refusal
from .forms import PublishForm
from .preview import finding_row

Json = dict[str, Any]


@page
@administrators_only
def draft_publish(request: PageRequest, pk: int) -> HttpResponse:
    """Shows what a draft would change and which targets it misses, before it is published for good."""
    version = find(pk)
    if version.published_at is not None and request.method != "POST":
        return redirect("matrix_version", pk)
    return _publish(request, version, again=False)


@page
@administrators_only
def version_again(request: PageRequest, pk: int) -> HttpResponse:
    """The way back: an old version's content in force once more, as a new version."""
    rows = MatrixVersion.objects.filter(published_at__isnull=False).with_content()
    version = get_object_or_404(rows.select_related("matrix__project__customer"), pk=pk)
    return _publish(request, version, again=True)


def _publish(request: PageRequest, version: MatrixVersion, *, again: bool) -> HttpResponse:
    now = clock.now()
    context = _shown(version, now)
    form = PublishForm(request.POST or None, now=now, missed=bool(context["findings"]))
    context |= {"form": form, "again": again}
    if request.method != "POST":
        return render(request, "matrices/publish.html", context)
    if not form.is_valid():
        return render(request, "matrices/publish.html", context, status=400)
    try:
        published = _do(version, form.cleaned_data, request, again=again, now=now)
    except (AlreadyPublished, Discarded, ChangedMeanwhile, ChainMissesTarget, Incomplete) as error:
        fresh = find(version.pk)
        context = _shown(fresh, now) | {"form": form, "again": again}
        context["refused"] = _refusal(request, fresh, error, again=again)
        return render(request, "matrices/publish.html", context, status=409)
    messages.success(request, _said(published, now))
    return redirect("matrix_history", version.matrix_id)


def _do(version: MatrixVersion, given: Json, request: PageRequest, *, again: bool, now: datetime) -> MatrixVersion:
    common: Json = {
        "by": request.user,
        "now": now,
        "reason": given["reason"],
        "effective_from": given["effective_from"],
        "accept": given.get("accept", False),
    }
    latest = _number(request, "latest")
    if again:
        return publish_again(version, latest=latest, **common)
    return publish(version, seen=Seen(_number(request, "seen"), latest), **common)


def _number(request: PageRequest, name: str) -> int:
    """What the page said that was sent; -1, which nothing is, where it says nothing sensible."""
    sent = request.POST.get(name, "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 9 else -1


def _shown(version: MatrixVersion, now: datetime) -> Json:
    """What it would change, and what it misses."""
    content = whole(version)
    in_force = in_force_of(version, now)
    missing = [labels.PRIORITY[each] for each in labels.PRIORITY if each not in content.priorities]
    promises = {priority.value: terms.promise for priority, terms in content.priorities.items()}
    coming = version.matrix.versions.filter(effective_from__gt=now).order_by("effective_from")
    return frame(version, now=now) | {
        "in_force": in_force,
        "latest": version.matrix.versions.aggregate(last=Max("number"))["last"] or 0,
        "coming": list(coming),
        "changes": [change_text(each) for each in changes(whole(in_force), content)] if in_force else None,
        "findings": [
            finding_row(each, content.priorities[Priority(each.priority)])
            for each in findings_in(promises, answer_margin())
        ],
        "missing": missing,
    }


def _refusal(request: PageRequest, version: MatrixVersion, error: Exception, *, again: bool) -> Json:
    if isinstance(error, Incomplete):
        return {"text": _("Some priorities are not described yet: open each of them and save it."), "edits": []}
    if isinstance(error, ChainMissesTarget):
        return {"text": _("A chain misses its target by now: shorten it, or accept that below."), "edits": []}
    if isinstance(error, ChangedMeanwhile):
        said = _("Nothing was published: this matrix has changed since you opened the page. Look at it again below.")
        return {"text": said, "edits": [] if again else refusal(version.pk, _number(request, "seen"), error)["edits"]}
    return refusal(version.pk, version.revision, error)


def _said(published: MatrixVersion, now: datetime) -> str:
    if published.effective_from and published.effective_from > now:
        return _("Version %(number)d is published and will come into force.") % {"number": published.number or 0}
    return _("Version %(number)d is published and in force.") % {"number": published.number or 0}
