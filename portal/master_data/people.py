"""The pages about the provider's people."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal import clock
from portal.administrators import LastAdministrator
from portal.audit.wording import shown
from portal.models import Assignment, Membership, Person
from portal.requests import PageRequest, administrators_only, page

from . import rows, services, welcome
from .editing import edit, show
from .forms import PersonForm, ReasonForm

PER_PAGE = 25


@page
@administrators_only
def index(request: PageRequest) -> HttpResponse:
    """The provider's people by name; `?left` those who have left."""
    asked = request.GET.get("q", "").strip()
    left = "left" in request.GET
    found = Person.objects.filter(is_staff=True, is_active=not left).order_by("name", "pk")
    for word in asked.split()[:6]:
        found = found.filter(Q(name__icontains=word) | Q(email__icontains=word) | Q(function__icontains=word))
    page_of = Paginator(found.prefetch_related("groups"), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "master_data/people.html", {"rows": page_of, "q": asked, "left": left})


@page
@administrators_only
def new(request: PageRequest) -> HttpResponse:
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = services.create_person(by=request.user, **form.wanted())
        messages.success(request, _("%(name)s: added.") % {"name": person.name})
        if form.cleaned_data["invite"]:
            _send(request, person)
        return redirect("person_admin", pk=person.pk)
    return show(request, form, title=_("New person"), back=reverse("people_admin"), button=_("Add the person"))


def _send(request: PageRequest, person: Person) -> None:
    """The person is committed: whatever the mail server says, it can be sent again."""
    if welcome.send(person):
        messages.success(request, _("Invitation sent to %(email)s.") % {"email": person.email})
    else:
        messages.error(request, _("The mail could not be sent. Please send the invitation again in a few minutes."))


@page
@administrators_only
def person(request: PageRequest, pk: int) -> HttpResponse:
    """One person: how they are reached, what they may do, where they stand, and what was changed."""
    found = get_object_or_404(Person.objects.select_related("working_hours"), pk=pk, is_staff=True)
    now = clock.now()
    roles = Assignment.objects.current().filter(person=found, valid__contains=now, project__retired_at=None)
    context = {
        "person": found,
        "groups": [group.name for group in found.groups.order_by("name")],
        "roles": list(roles.select_related("project").order_by("role", "order", "project__key")),
        "teams": list(Membership.objects.current().filter(person=found).select_related("team").order_by("team__name")),
        "has_password": found.has_usable_password(),
        "changes": shown(rows.changes_of(found)[: rows.MOST_CHANGES]),
    }
    return render(request, "master_data/person.html", context)


@page
@administrators_only
def change(request: PageRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Person, pk=pk, is_staff=True, is_active=True)
    if found.is_superuser and not request.user.is_superuser:
        # Whoever could change their address could sign in as them.
        raise PermissionDenied
    form = PersonForm(request.POST or None, instance=Person.objects.get(pk=pk), seen=rows.seen_of(found))

    def save() -> HttpResponse | None:
        sent = form.cleaned_data
        try:
            services.change_person(found, seen=sent["seen"], by=request.user, why=sent["why"], **form.wanted())
        except LastAdministrator:
            form.add_error("groups", last_administrator_text(found))
            return None
        messages.success(request, _("Saved."))
        # Who has given the right away has no such page any more.
        gone = found.pk == request.user.pk and not Person.objects.get(pk=pk).holds("Administrators")
        return redirect("home") if gone and not found.is_superuser else redirect("person_admin", pk=pk)

    return edit(request, form, found, save, title=found.name, back=reverse("person_admin", args=[pk]))


def last_administrator_text(person: Person) -> str:
    """Why it is refused, and what to do."""
    return _(
        "%(name)s is the only one who can administrate. First put a colleague in the group Administrators, then"
        " try again."
    ) % {"name": person.name}


@require_POST
@page
@administrators_only
def invite(request: PageRequest, pk: int) -> HttpResponse:
    """A link to set the first password; links sent before are dead."""
    found = get_object_or_404(Person, pk=pk, is_staff=True, is_active=True)
    if found.has_usable_password():
        messages.error(request, _("%(name)s has a password and signs in with it.") % {"name": found.name})
    else:
        _send(request, found)
    return redirect("person_admin", pk=pk)


@page
@administrators_only
def take_back(request: PageRequest, pk: int) -> HttpResponse:
    """Somebody who had left comes back; asks first."""
    found = get_object_or_404(Person, pk=pk, is_staff=True, is_active=False)
    form = ReasonForm(request.POST or None)
    back = reverse("person_admin", args=[pk])
    if request.method == "POST" and form.is_valid():
        seen, why = request.POST.get("seen", ""), form.cleaned_data["why"]
        try:
            services.take_back(found, seen=seen, by=request.user, why=why)
        except rows.SeenOlder:
            messages.error(request, _("Somebody has changed it meanwhile. Look again, then decide."))
        else:
            messages.success(
                request, _("%(name)s is back. Choose the groups, then send an invitation.") % {"name": found}
            )
        return redirect(back)
    return show(
        request,
        form,
        seen=rows.seen_of(found),
        title=_("Is %(name)s back?") % {"name": found.name},
        text=_("The person is in no group and in no team at first, and sets a new password by an invitation."),
        button=_("Yes, take back"),
        back=back,
    )
