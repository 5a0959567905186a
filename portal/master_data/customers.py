"""The pages about customers, and about what their projects are called."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal import clock
from portal.audit.wording import shown
from portal.models import Contact, Customer, Invitation, Project
from portal.requests import PageRequest, administrators_only, page

from . import rows, services
from .editing import edit, show
from .forms import CustomerForm, ProjectForm, ReasonForm

PER_PAGE = 25


@page
@administrators_only
def index(request: PageRequest) -> HttpResponse:
    """Every customer with its projects; found by name, city or key of either."""
    asked = request.GET.get("q", "").strip()
    retired = "retired" in request.GET
    found = Customer.objects.filter(retired_at__isnull=not retired).order_by("name", "pk")
    for word in asked.split()[:6]:
        of_project = Q(projects__name__icontains=word) | Q(projects__key__icontains=word)
        found = found.filter(Q(name__icontains=word) | Q(key__icontains=word) | Q(city__icontains=word) | of_project)
    projects = Prefetch("projects", Project.objects.order_by("retired_at", "key"))
    page_of = Paginator(found.distinct().prefetch_related(projects), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "master_data/customers.html", {"rows": page_of, "q": asked, "retired": retired})


@page
@administrators_only
def new(request: PageRequest) -> HttpResponse:
    form = CustomerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        customer = rows.create(Customer(**form.wanted()), by=request.user)
        messages.success(request, _("%(name)s is a customer now. Next, add the first project.") % {"name": customer})
        return redirect("customer_admin", key=customer.key)
    return show(request, form, title=_("New customer"), back=reverse("customers_admin"), button=_("Add the customer"))


@page
@administrators_only
def customer(request: PageRequest, key: str) -> HttpResponse:
    """One customer: its projects, how many contacts it has, and what was changed."""
    found = get_object_or_404(Customer, key=key)
    context = {
        "customer": found,
        "projects": list(found.projects.order_by("retired_at", "key")),
        "contacts": Contact.objects.current().filter(customer=found).count(),
        "invited": Invitation.objects.waiting().filter(customer=found).count(),
        "changes": shown(rows.changes_of(found)[: rows.MOST_CHANGES]),
    }
    return render(request, "master_data/customer.html", context)


@page
@administrators_only
def change(request: PageRequest, key: str) -> HttpResponse:
    found = get_object_or_404(Customer, key=key)
    form = CustomerForm(request.POST or None, instance=Customer.objects.get(pk=found.pk), seen=rows.seen_of(found))

    def save() -> HttpResponse:
        sent = form.cleaned_data
        saved = rows.change(found, seen=sent["seen"], by=request.user, why=sent["why"], **form.wanted())
        messages.success(request, _("Saved."))
        return redirect("customer_admin", key=saved.key)

    return edit(request, form, found, save, title=found.name, back=reverse("customer_admin", args=[found.key]))


@page
@administrators_only
def retire(request: PageRequest, key: str) -> HttpResponse:
    """Asks first, and says what ends with it."""
    found = get_object_or_404(Customer, key=key, retired_at=None)
    form = ReasonForm(request.POST or None)
    back = reverse("customer_admin", args=[found.key])
    if request.method == "POST" and form.is_valid():
        try:
            services.retire_customer(
                found,
                seen=request.POST.get("seen", ""),
                by=request.user,
                now=clock.now(),
                why=form.cleaned_data["why"],
            )
        except rows.SeenOlder:
            messages.error(request, _("Somebody has changed it meanwhile. Look again, then decide."))
        else:
            messages.success(request, _("%(name)s is retired.") % {"name": found.name})
        return redirect(back)
    running = list(found.projects.filter(retired_at=None).values_list("key", flat=True))
    return show(
        request,
        form,
        seen=rows.seen_of(found),
        title=_("Retire %(name)s?") % {"name": found.name},
        text=_("Its projects end with it: %(projects)s. Nobody can report an incident of them any more.")
        % {"projects": ", ".join(running) or "–"},
        button=_("Yes, retire"),
        back=back,
        danger=True,
    )


# --- Projects -------------------------------------------------------------------------------------------------


@page
@administrators_only
def change_project(request: PageRequest, key: str) -> HttpResponse:
    """What a project is called; who looks after it is on its own page."""
    found = get_object_or_404(Project.objects.select_related("customer"), key=key)
    form = ProjectForm(request.POST or None, instance=Project.objects.get(pk=found.pk), seen=rows.seen_of(found))

    def save() -> HttpResponse:
        sent = form.cleaned_data
        saved = rows.change(found, seen=sent["seen"], by=request.user, why=sent["why"], **form.wanted())
        messages.success(request, _("Saved."))
        return redirect("project_admin", key=saved.key)

    return edit(request, form, found, save, title=found.name, back=reverse("project_admin", args=[found.key]))


@page
@administrators_only
def retire_project(request: PageRequest, key: str) -> HttpResponse:
    """Retire a project, or let it run again; asks first."""
    found = get_object_or_404(Project.objects.select_related("customer"), key=key)
    form = ReasonForm(request.POST or None)
    back = reverse("project_admin", args=[found.key])
    if request.method == "POST" and form.is_valid():
        seen, why, now = request.POST.get("seen", ""), form.cleaned_data["why"], clock.now()
        try:
            if found.retired_at is None:
                rows.change(found, seen=seen, by=request.user, why=why, retired_at=now)
            else:
                services.reopen_project(found, seen=seen, by=request.user, why=why)
        except rows.SeenOlder:
            messages.error(request, _("Somebody has changed it meanwhile. Look again, then decide."))
        else:
            messages.success(request, _("Saved."))
        return redirect(back)
    retires = found.retired_at is None
    text = (
        _("Nobody can report an incident of it any more; open incidents stay open, and history stays readable.")
        if retires
        else _("It runs again, with those who looked after it.")
    )
    return show(
        request,
        form,
        seen=rows.seen_of(found),
        title=(_("Retire %(name)s?") if retires else _("Let %(name)s run again?")) % {"name": found.name},
        text=text,
        button=_("Yes, retire") if retires else _("Yes, let it run"),
        back=back,
        danger=retires,
    )
