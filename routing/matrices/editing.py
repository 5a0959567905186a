"""A draft: one page for its words, one for the targets and chains of each priority, beside what they would mean."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from matrix import labels
from matrix.changes import changes
from matrix.content import TermsContent, VersionContent
from matrix.drafts import discard, edit, edits_since
from matrix.facts import whole
from matrix.models import MatrixVersion
from matrix.services import AlreadyPublished, Discarded, answer_margin
from matrix.terms import Priority
from matrix.usual import usual
from matrix.wording import change_text
from portal import clock
from portal.models import Project
from portal.services import ChangedMeanwhile
from routing.pages.requests import PageRequest, administrators_only, page

from .chain_forms import HELD, RUNS, PriorityForm, changed, data_of, part_of
from .forms import PriorityWordsForm, TitlesForm, words_of
from .preview import check, preview, proposed

Json = dict[str, Any]
CONFLICT = 409


@page
@administrators_only
def draft(request: PageRequest, pk: int) -> HttpResponse:
    """Where a draft stands: each priority with its check, and what publishing it would change."""
    version = find(pk)
    if version.published_at is not None:
        return redirect("matrix_version", pk)
    content, margin, now = whole(version), answer_margin(), clock.now()
    in_force = in_force_of(version, now)
    rows = [
        {
            "priority": priority,
            "label": labels.PRIORITY[priority],
            "terms": terms,
            "findings": check(priority, terms, margin),
        }
        for priority in Priority
        for terms in [terms_of(content, priority)]
    ]
    context = frame(version, now=now) | {
        "rows": rows,
        "in_force": in_force,
        "changes": [change_text(each) for each in changes(whole(in_force), content)] if in_force else None,
        "latest_edits": version.edits.select_related("by").order_by("-revision")[:5],
    }
    return render(request, "matrices/draft.html", context)


@page
@administrators_only
def draft_titles(request: PageRequest, pk: int) -> HttpResponse:
    """What the version is called."""
    version = find(pk)
    given = request.POST if request.method == "POST" else None
    form = TitlesForm(given, initial={f"title_{each}": text for each, text in whole(version).title.items()})
    if given is None or not form.is_valid():
        return _titles(request, version, form, status=400 if form.errors else 200)
    title = {language: form.cleaned_data[f"title_{language}"] for language in ("de", "en")}
    refused = _save(request, version, lambda content: replace(content, title=title), lambda content: content.title)
    if refused:
        return _titles(request, find(pk), form, status=CONFLICT, refused=refused)
    return redirect("matrix_draft", pk)


def _titles(
    request: PageRequest, version: MatrixVersion, form: TitlesForm, *, status: int, refused: Json | None = None
) -> HttpResponse:
    context = frame(version) | {"form": form, "refused": refused}
    if status == 400:
        context["seen"] = _seen(request, version)
    return render(request, "matrices/titles.html", context, status=status)


@page
@administrators_only
def draft_words(request: PageRequest, pk: int, word: str) -> HttpResponse:
    """What a priority means, with examples, and how the customer reports it."""
    version, priority = find(pk), _priority(word)
    terms = terms_of(whole(version), priority)
    given = request.POST if request.method == "POST" else None
    form = PriorityWordsForm(given, terms=terms)
    status, refused = 200, None
    if given is not None:
        status = 400
        if form.is_valid():
            refused = _save(request, version, *_of_priority(priority, form.content, words_of))
            if not refused:
                return redirect("matrix_draft_priority", pk, word)
            status, version = CONFLICT, find(pk)
    context = frame(version, priority) | {"form": form, "refused": refused}
    if status == 400:
        context["seen"] = _seen(request, version)
    return render(request, "matrices/words.html", context, status=status)


@page
@administrators_only
def draft_priority(request: PageRequest, pk: int, word: str) -> HttpResponse:
    """The targets and chains of a priority. Its buttons change what is shown; nothing is stored before "Save"."""
    version, priority = find(pk), _priority(word)
    terms = terms_of(whole(version), priority)
    if request.method != "POST":
        return _editor(request, version, priority, data_of(terms))
    do = request.POST.get("do", "save")
    if do != "save":
        data = changed(request.POST, do, _proposed(request.POST, priority, terms))
        return _editor(request, version, priority, data, unsaved=True)
    form = PriorityForm(request.POST)
    if not form.is_valid():
        return _editor(request, version, priority, request.POST, status=400, unsaved=True)
    refused = _save(request, version, *_of_priority(priority, form.content, part_of))
    if refused:
        return _editor(request, find(pk), priority, request.POST, status=CONFLICT, refused=refused, unsaved=True)
    messages.success(request, _("Saved in the draft. Nothing changes for anybody until it is published."))
    return redirect("matrix_draft_priority", pk, word)


def _editor(
    request: PageRequest,
    version: MatrixVersion,
    priority: Priority,
    data: QueryDict,
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    context |= frame(version, priority) | {"form": PriorityForm(data), "called": (RUNS, HELD)}
    if request.method == "POST" and status != CONFLICT:
        # Whoever goes on writing goes on from what they saw first.
        context["seen"] = _seen(request, version)
    context |= _beside(request, version, priority, data, now=context["now"])
    return render(request, "matrices/priority.html", context, status=status)


@require_POST
@page
@administrators_only
def draft_preview(request: PageRequest, pk: int, word: str) -> HttpResponse:
    """What is beside the form, for what is written in it now."""
    version, priority = find(pk), _priority(word)
    context = frame(version, priority)
    context |= _beside(request, version, priority, request.POST, now=context["now"])
    return render(request, "matrices/beside.html", context)


def _beside(
    request: PageRequest, version: MatrixVersion, priority: Priority, data: QueryDict, *, now: datetime
) -> Json:
    """The check and the customer's view of what is written; neither while it is not complete."""
    form = PriorityForm(data)
    project, projects = _shown_for(version, data)
    context: Json = {"shown_for": project, "projects": projects, "now": now}
    if not form.is_valid():
        return context | {"incomplete": True}
    terms = form.content(terms_of(whole(version), priority))
    shown = preview(project, priority, terms, reader=request.user, now=now) if project else None
    return context | {"findings": check(priority, terms, answer_margin()), "preview": shown}


def _shown_for(version: MatrixVersion, data: QueryDict) -> tuple[Project | None, list[Project]]:
    """Whose people the preview shows: the matrix' own project, or any one for a template."""
    if version.matrix.project:
        return version.matrix.project, []
    projects = list(Project.objects.filter(retired_at=None).select_related("customer").order_by("key"))
    wanted = data.get("shown_for")
    return next((each for each in projects if each.key == wanted), projects[0] if projects else None), projects


@page
@administrators_only
def draft_discard(request: PageRequest, pk: int) -> HttpResponse:
    """Put a draft away, once that is confirmed."""
    version = find(pk)
    if request.method != "POST":
        return render(request, "matrices/discard.html", frame(version))
    try:
        discard(version, seen=_seen(request, version), by=request.user, now=clock.now())
    except (AlreadyPublished, Discarded, ChangedMeanwhile) as error:
        context = frame(find(pk)) | {"refused": refusal(version.pk, _seen(request, version), error)}
        return render(request, "matrices/discard.html", context, status=CONFLICT)
    messages.success(request, _("The draft is discarded."))
    return redirect("matrix_history", version.matrix_id)


# --- What the pages of a draft share ------------------------------------------------------------------------------


def find(pk: int) -> MatrixVersion:
    """The draft with its content, even where somebody has published or discarded it meanwhile."""
    rows = MatrixVersion.objects.with_content()
    return get_object_or_404(rows.select_related("matrix__project__customer", "changed_by", "based_on__matrix"), pk=pk)


def in_force_of(version: MatrixVersion, now: datetime) -> MatrixVersion | None:
    """The version of the same matrix that is in force, with its content."""
    found = MatrixVersion.objects.in_force(now, known_at=now).filter(matrix=version.matrix_id)
    return found.with_content().first()


def frame(version: MatrixVersion, priority: Priority | None = None, *, now: datetime | None = None) -> Json:
    """Heading, tabs and the revision that the reader sees."""
    return {
        "now": now or clock.now(),
        "version": version,
        "seen": version.revision,
        "matrix": version.matrix,
        "priority": priority,
        "priority_label": priority and labels.PRIORITY[priority],
        "tabs": list(labels.PRIORITY.items()),
        "closed": version.published_at is not None or version.discarded_at is not None,
    }


def terms_of(content: VersionContent, priority: Priority) -> TermsContent:
    """What the draft says of the priority; usual terms where it says nothing yet."""
    return content.priorities.get(priority) or usual().priorities[priority]


def _priority(word: str) -> Priority:
    if word not in list(Priority):
        raise Http404
    return Priority(word)


def _of_priority(
    priority: Priority, content: Callable[[TermsContent], TermsContent], part: Callable[[TermsContent], object]
) -> tuple[Callable[[VersionContent], VersionContent], Callable[[VersionContent], object]]:
    """The change of one priority, and what of the whole it touches."""

    def change(whole: VersionContent) -> VersionContent:
        return replace(whole, priorities={**whole.priorities, priority: content(terms_of(whole, priority))})

    return change, lambda whole: part(terms_of(whole, priority))


def _proposed(data: QueryDict, priority: Priority, terms: TermsContent) -> Any:
    form = PriorityForm(data)
    return proposed(priority, form.content(terms), answer_margin()) if form.is_valid() else {}


def _seen(request: PageRequest, version: MatrixVersion) -> int:
    """The revision whose form was sent; none at all, so a conflict, where it says nothing sensible."""
    sent = request.POST.get("seen", "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 9 else version.revision + 1


def _save(
    request: PageRequest,
    version: MatrixVersion,
    change: Callable[[VersionContent], VersionContent],
    part: Callable[[VersionContent], object],
) -> Json | None:
    """Store it; or what somebody else did meanwhile, in which case nothing is stored."""
    seen = _seen(request, version)
    try:
        edit(version, change, part=part, seen=seen, by=request.user, now=clock.now())
    except (AlreadyPublished, Discarded, ChangedMeanwhile) as error:
        return refusal(version.pk, seen, error)
    return None


def refusal(pk: int, seen: int, error: Exception) -> Json:
    """Who did what to the draft since it was seen, in words."""
    version = find(pk)
    if isinstance(error, AlreadyPublished):
        said = _("The draft has been published meanwhile. Nothing was saved; begin a new draft to go on.")
    elif isinstance(error, Discarded):
        said = _("The draft has been discarded meanwhile. Nothing was saved.")
    else:
        said = _(
            "Somebody else has changed this meanwhile. Nothing was saved; what you wrote is still here."
            " Saving now replaces what they did on this page."
        )
    edits = [
        {"at": each.at, "by": each.by, "changes": [change_text(one) for one in changes(each.before, each.after)]}
        for each in edits_since(version, seen)
    ]
    return {"text": said, "edits": edits}
