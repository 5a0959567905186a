"""The pages about teams and their members."""

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal import clock
from portal.audit.wording import shown
from portal.models import Membership, ProjectSupport, Team
from portal.requests import PageRequest, administrators_only, page
from portal.services import ChangedMeanwhile

from . import rows, services
from .editing import edit, show
from .forms import JoinForm, MemberForm, ReasonForm, TeamForm


@page
@administrators_only
def index(request: PageRequest) -> HttpResponse:
    """Every team with its members, the Service Desk first."""
    retired = "retired" in request.GET
    found = list(Team.objects.filter(retired_at__isnull=not retired).order_by("-kind", "name").select_related("hours"))
    members: dict[int, list[Membership]] = {team.pk: [] for team in found}
    current = Membership.objects.current().filter(team__in=found, person__is_active=True)
    for row in current.select_related("person").order_by("person__name"):
        members[row.team_id].append(row)
    context = {"teams": [(team, members[team.pk]) for team in found], "retired": retired}
    return render(request, "master_data/teams.html", context)


@page
@administrators_only
def new(request: PageRequest) -> HttpResponse:
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        team = rows.create(Team(**form.wanted()), by=request.user)
        messages.success(request, _("%(name)s is a team now. Next, add its members.") % {"name": team.name})
        return redirect("team_admin", slug=team.slug)
    return show(request, form, title=_("New team"), back=reverse("teams_admin"), button=_("Add the team"))


@page
@administrators_only
def team(request: PageRequest, slug: str) -> HttpResponse:
    """One team: how it is reached, who belongs to it, and somebody more."""
    found = get_object_or_404(Team.objects.select_related("hours"), slug=slug)
    form = JoinForm(request.POST or None, team=found)
    if request.method == "POST" and form.is_valid():
        joins = form.cleaned_data
        try:
            with transaction.atomic():
                services.join(found, joins["person"], speciality=joins["speciality"], by=request.user, now=clock.now())
        except IntegrityError:
            messages.error(request, _("%(name)s belongs to the team already.") % {"name": joins["person"].name})
        else:
            messages.success(request, _("%(name)s: added.") % {"name": joins["person"].name})
        return redirect("team_admin", slug=slug)
    members = Membership.objects.current().filter(team=found).select_related("person").order_by("person__name")
    supports = ProjectSupport.objects.current().filter(project__retired_at=None).select_related("project")
    of_kind = supports.filter(team=found) | supports.filter(service_desk=found)
    context = {
        "team": found,
        "members": list(members),
        "form": form,
        "projects": [row.project for row in of_kind.order_by("project__key")],
        "changes": shown(rows.changes_of(found)[: rows.MOST_CHANGES]),
    }
    return render(request, "master_data/team.html", context, status=400 if form.is_bound else 200)


@page
@administrators_only
def change(request: PageRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Team, slug=slug)
    form = TeamForm(request.POST or None, instance=Team.objects.get(pk=found.pk), seen=rows.seen_of(found))

    def save() -> HttpResponse:
        sent = form.cleaned_data
        saved = rows.change(found, seen=sent["seen"], by=request.user, why=sent["why"], **form.wanted())
        messages.success(request, _("Saved."))
        return redirect("team_admin", slug=saved.slug)

    return edit(request, form, found, save, title=found.name, back=reverse("team_admin", args=[found.slug]))


@page
@administrators_only
def member(request: PageRequest, pk: int) -> HttpResponse:
    """What a member knows best, or that they belong to the team no more."""
    row = get_object_or_404(Membership.objects.current().select_related("team", "person"), pk=pk)
    form = MemberForm(request.POST or None, initial={"speciality": row.speciality})
    back = reverse("team_admin", args=[row.team.slug])
    if request.method == "POST" and form.is_valid():
        sent, now = form.cleaned_data, clock.now()
        try:
            if "leave" in request.POST:
                services.leave_team(row, by=request.user, now=now, why=sent["why"])
            else:
                services.change_speciality(row, sent["speciality"], by=request.user, now=now, why=sent["why"])
        except ChangedMeanwhile:
            messages.error(request, _("Somebody has changed it meanwhile. Look again, then decide."))
        else:
            messages.success(request, _("Saved."))
        return redirect(back)
    title = f"{row.person.name} · {row.team.name}"
    return show(request, form, title=title, back=back, also=("leave", _("Leaves the team")))


@page
@administrators_only
def retire(request: PageRequest, slug: str) -> HttpResponse:
    """Asks first; refused while the team supports a project."""
    found = get_object_or_404(Team, slug=slug, retired_at=None)
    form = ReasonForm(request.POST or None)
    back = reverse("team_admin", args=[slug])
    if request.method == "POST" and form.is_valid():
        seen, why = request.POST.get("seen", ""), form.cleaned_data["why"]
        try:
            services.retire_team(found, seen=seen, by=request.user, now=clock.now(), why=why)
        except rows.SeenOlder:
            messages.error(request, _("Somebody has changed it meanwhile. Look again, then decide."))
        except services.InUse as used:
            text = _("It supports %(projects)s. First give these projects another team.")
            messages.error(request, text % {"projects": ", ".join(used.by)})
        else:
            messages.success(request, _("%(name)s is retired.") % {"name": found.name})
        return redirect(back)
    return show(
        request,
        form,
        seen=rows.seen_of(found),
        title=_("Retire %(name)s?") % {"name": found.name},
        text=_("Its members leave it; history stays readable."),
        button=_("Yes, retire"),
        back=back,
        danger=True,
    )
