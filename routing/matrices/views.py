"""Matrices and their history: what is in force, what was before, and what is being prepared."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import F, Max, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from matrix import labels
from matrix.changes import changes
from matrix.drafts import begin
from matrix.facts import whole
from matrix.models import Matrix, MatrixVersion
from matrix.terms import Priority, Route
from matrix.wording import change_text
from portal import clock
from portal.models import Person, Project
from routing.pages.requests import PageRequest, administrators_only, page

from .forms import BeginForm, NewMatrixForm
from .tables import columns, comparison


@dataclass
class Row:
    """One matrix in the list."""

    matrix: Matrix
    in_force: MatrixVersion | None = None
    coming: list[MatrixVersion] = field(default_factory=list)
    drafts: list[MatrixVersion] = field(default_factory=list)


@page
@administrators_only
def matrices(request: PageRequest) -> HttpResponse:
    """Every matrix with the version in force and its drafts; projects without one first, for nobody can be named."""
    now = clock.now()
    rows = _rows(now)
    context = {
        "now": now,
        "missing": Project.objects.filter(retired_at=None, matrix=None).select_related("customer").order_by("key"),
        "projects": [row for row in rows if row.matrix.project],
        "templates": [row for row in rows if not row.matrix.project],
    }
    return render(request, "matrices/matrices.html", context)


def _rows(now: datetime) -> list[Row]:
    known = Matrix.objects.select_related("project__customer").order_by("name")
    rows = {matrix.pk: Row(matrix) for matrix in known}
    for version in MatrixVersion.objects.in_force(now, known_at=now):
        rows[version.matrix_id].in_force = version
    for version in MatrixVersion.objects.filter(effective_from__gt=now).order_by("effective_from"):
        rows[version.matrix_id].coming.append(version)
    for version in MatrixVersion.objects.drafts().order_by("pk"):
        rows[version.matrix_id].drafts.append(version)
    return list(rows.values())


@page
@administrators_only
def matrix_new(request: PageRequest) -> HttpResponse:
    """The first draft of a matrix that does not exist yet."""
    now = clock.now()
    form = NewMatrixForm(
        request.POST or None,
        initial={"project": request.GET.get("project"), "source": _usual_template(now)},
        sources=_sources(now),
        projects=Project.objects.filter(retired_at=None, matrix=None).order_by("key"),
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            with transaction.atomic():
                matrix = Matrix.objects.create(project=given["project"], name=given["name"])
                draft = begin(matrix, source=given["source"], by=request.user, now=now)
        except IntegrityError:
            form.add_error(None, _("Somebody else has begun this matrix just now: look at the list."))
        else:
            return redirect("matrix_draft", draft.pk)
    status = 400 if form.errors else 200
    return render(request, "matrices/new.html", {"now": now, "form": form}, status=status)


def _sources(now: datetime) -> QuerySet[MatrixVersion]:
    """What may be begun with: every matrix' version in force, templates first."""
    in_force = MatrixVersion.objects.in_force(now, known_at=now).values("pk")
    rows = MatrixVersion.objects.filter(pk__in=in_force).select_related("matrix")
    return rows.order_by(F("matrix__project").asc(nulls_first=True), "matrix__name")


def _usual_template(now: datetime) -> int | None:
    templates = MatrixVersion.objects.in_force(now, known_at=now).filter(matrix__project=None)
    return templates.values_list("pk", flat=True).first()


@page
@administrators_only
def matrix_history(request: PageRequest, pk: int) -> HttpResponse:
    """Every version of one matrix with who published it and why, and its drafts."""
    now = clock.now()
    matrix = _matrix(pk)
    rows = matrix.versions.filter(published_at__isnull=False).select_related("published_by").order_by("-number")
    in_force = MatrixVersion.objects.in_force(now, known_at=now).filter(matrix=matrix).first()
    context = {
        "now": now,
        "matrix": matrix,
        "versions": list(rows),
        "in_force": in_force,
        "drafts": matrix.versions.drafts().select_related("changed_by", "based_on__matrix").order_by("pk"),
        "begin": BeginForm(sources=_sources(now), initial={"source": in_force and in_force.pk}),
        "projects": Project.objects.filter(retired_at=None, matrix=None).order_by("key"),
    }
    return render(request, "matrices/history.html", context)


@require_POST
@page
@administrators_only
def matrix_begin(request: PageRequest, pk: int) -> HttpResponse:
    """Another draft of the matrix, from any published version."""
    matrix, now = _matrix(pk), clock.now()
    published = MatrixVersion.objects.filter(published_at__isnull=False)
    form = BeginForm(request.POST, sources=published)
    if not form.is_valid():
        messages.error(request, _("That version does not exist. Choose one of the list."))
        return redirect("matrix_history", pk)
    draft = begin(matrix, source=form.cleaned_data["source"], by=request.user, now=now)
    return redirect("matrix_draft", draft.pk)


@page
@administrators_only
def matrix_version(request: PageRequest, pk: int) -> HttpResponse:
    """A published version as it is for good, with what it changed, and what was accepted with it."""
    version = _published(pk)
    before = _content(version.matrix.versions.filter(number=(version.number or 0) - 1))
    content = whole(version)
    acceptors = Person.objects.in_bulk({each["accepted_by"] for each in version.accepted_findings} - {None})
    context = {
        "now": clock.now(),
        "version": version,
        "matrix": version.matrix,
        "columns": columns(content),
        "changes": [change_text(each) for each in changes(before, content)] if before else None,
        "accepted": [
            each | {"by": acceptors.get(each["accepted_by"]), **_labels(each)} for each in version.accepted_findings
        ],
        "is_latest": version.number == version.matrix.versions.aggregate(last=Max("number"))["last"],
    }
    return render(request, "matrices/version.html", context)


@page
@administrators_only
def matrix_compare(request: PageRequest) -> HttpResponse:
    """Two versions side by side, drafts too; what differs is marked and said in sentences."""
    one, other = (_any_version(request.GET.get(name, "")) for name in ("one", "other"))
    before, after = whole(one), whole(other)
    context = {
        "now": clock.now(),
        "one": one,
        "other": other,
        "changes": [change_text(each) for each in changes(before, after)],
        "rows": comparison(before, after),
    }
    return render(request, "matrices/compare.html", context)


# --- What is asked for --------------------------------------------------------------------------------------------


def _matrix(pk: int) -> Matrix:
    return get_object_or_404(Matrix.objects.select_related("project__customer"), pk=pk)


def _published(pk: int) -> MatrixVersion:
    rows = MatrixVersion.objects.filter(published_at__isnull=False).with_content()
    return get_object_or_404(rows.select_related("matrix__project", "published_by"), pk=pk)


def _any_version(key: str) -> MatrixVersion:
    if not (key.isascii() and key.isdigit() and len(key) < 10):
        raise Http404
    rows = MatrixVersion.objects.filter(discarded_at=None).with_content().select_related("matrix__project")
    return get_object_or_404(rows, pk=key)


def _content(rows: QuerySet[MatrixVersion]) -> Any:
    found = rows.with_content().first()  # type: ignore[attr-defined]  # the manager's own queryset
    return whole(found) if found else None


def _labels(accepted: dict[str, Any]) -> dict[str, Any]:
    return {
        "priority_label": labels.PRIORITY[Priority(accepted["priority"])],
        "route_label": labels.ROUTE[Route(accepted["route"])],
    }
