"""The pages about a customer's contacts, for its portal managers and the provider's desk."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from portal import attempts, clock
from portal.models import Contact, Customer, Invitation
from portal.requests import PageRequest, page

from . import queries, services
from .authority import Authority, authority_over
from .details import Details
from .forms import ContactForm, InviteForm
from .mail import provider_name, send_invitation

PER_PAGE = 15
REFUSALS = {
    services.IsContact: gettext_lazy("Somebody with this address is a contact already."),
    services.WasContact: gettext_lazy("Somebody with this address was a contact; let them come back under “Left”."),
    services.IsInvited: gettext_lazy("An invitation to this address waits already; it can be sent again."),
}

TOO_MANY = gettext_lazy("You have sent many invitations within an hour. Please go on a little later.")


@dataclass(frozen=True)
class Place:
    """A customer, and how far the reader may manage its contacts."""

    customer: Customer
    authority: Authority


def place_or_404(request: PageRequest, key: str) -> Place:
    """To everybody else the page does not exist."""
    customer = get_object_or_404(Customer, key=key)
    authority = authority_over(customer, request.user)
    if authority is None:
        raise Http404
    return Place(customer, authority)


def contact_or_404(place: Place, pk: int) -> Contact:
    """One of those the reader may know of. Raises PermissionDenied where they may not change it."""
    contact = get_object_or_404(queries.contacts_of(place.customer, place.authority), pk=pk)
    contact.customer = place.customer
    if not place.authority.covers(Details.of(contact)):
        raise PermissionDenied
    return contact


def back(place: Place) -> HttpResponse:
    return redirect("customer_contacts", key=place.customer.key)


@page
def customers(request: PageRequest) -> HttpResponse:
    """Whose contacts the reader manages; with one customer alone, its page."""
    found = _managed(request)
    if len(found) == 1 and not request.user.is_staff:
        return redirect("customer_contacts", key=found[0].key)
    mine = [] if found else _own_managers(request)
    return render(request, "contacts/customers.html", {"customers": found, "managers": mine})


def _managed(request: PageRequest) -> list[Customer]:
    if request.user.is_staff:
        # Whether one of the provider's people manages contacts does not depend on the customer.
        every = Customer.objects.all()
        return list(every) if every and authority_over(every[0], request.user) else []
    own = Contact.objects.managing().filter(person=request.user)
    return list(Customer.objects.filter(contacts__in=own))


def _own_managers(request: PageRequest) -> QuerySet[Contact]:
    """Whom to ask: those who manage the contacts of the reader's own company."""
    own = Contact.objects.current().filter(person=request.user).values("customer")
    return Contact.objects.managing().filter(customer__in=own).select_related("person", "customer")


@page
def index(request: PageRequest, key: str) -> HttpResponse:
    """Who is authorised, in which order the provider calls back, who was invited, who left, and who changed what.

    Of those invited and those who left the latest are shown; `?all` shows everybody.
    """
    place = place_or_404(request, key)
    now = clock.now()
    provider = provider_name()
    everybody = queries.contacts_of(place.customer, place.authority)
    rows = Paginator(everybody.filter(left_at=None), PER_PAGE).get_page(request.GET.get("page"))
    most = None if "all" in request.GET else queries.LATEST
    left = list(everybody.exclude(left_at=None).order_by("-left_at")[: most and most + 1])
    waiting = queries.waiting(place.customer, place.authority, provider=provider, now=now)
    context = {
        "now": now,
        "customer": place.customer,
        "provider": provider,
        "rows": rows,
        "lines": queries.lines(list(rows), place.authority),
        "waiting": waiting[:most],
        "waiting_goes_on": len(waiting) > len(waiting[:most]),
        "left": queries.lines(left[:most], place.authority),
        "left_goes_on": len(left) > len(left[:most]),
        "changes": queries.changes_of(place.customer, place.authority, provider=provider),
    }
    return render(request, "contacts/index.html", context)


@page
def invite(request: PageRequest, key: str) -> HttpResponse:
    """Invite somebody: they become a contact once they follow the link in the mail."""
    place = place_or_404(request, key)
    form = InviteForm(
        request.POST or None,
        authority=place.authority,
        projects=place.customer.projects.filter(retired_at=None),
        details=Details(can_report="can_report" in place.authority.rights),
    )
    form.fields["language"].initial = request.user.language
    if request.method == "POST" and form.is_valid() and _invited(request, place, form):
        return back(place)
    context = {"customer": place.customer, "form": form}
    return render(request, "contacts/invite.html", context, status=400 if form.is_bound else 200)


def _may_write(request: PageRequest, place: Place) -> bool:
    """Whether one more invitation may be sent: by the provider's people at any time, by customers so many an hour."""
    if place.authority.provider:
        return True
    try:
        attempts.begin(attempts.PER_INVITER, str(request.user.pk), now=clock.now())
    except attempts.TooMany:
        return False
    return True


def _invited(request: PageRequest, place: Place, form: InviteForm) -> bool:
    sent = form.cleaned_data
    if not _may_write(request, place):
        form.add_error("email", str(TOO_MANY))
        return False
    try:
        invitation, token = services.invite(
            place.customer,
            by=request.user,
            now=clock.now(),
            email=sent["email"],
            name=sent["name"],
            language=sent["language"],
            details=form.wanted(),
        )
    except services.NotAllowed:
        raise PermissionDenied from None
    except (services.IsContact, services.WasContact, services.IsInvited) as refusal:
        form.add_error("email", str(REFUSALS[type(refusal)]))
        return False
    _send(request, invitation, token)
    return True


def _send(request: PageRequest, invitation: Invitation, token: str) -> None:
    """The invitation is committed: whatever the mail server says, it can be sent again."""
    if send_invitation(invitation, token):
        messages.success(request, _("Invitation sent to %(email)s.") % {"email": invitation.email})
    else:
        messages.error(
            request,
            _(
                "The invitation of %(name)s is kept, but the mail could not be sent. Please send it again in a few"
                " minutes."
            )
            % {"name": invitation.name},
        )


def _invitation_or_404(place: Place, pk: int) -> Invitation:
    invitation = get_object_or_404(place.customer.invitations.all(), pk=pk)
    invitation.customer = place.customer
    details = Details.from_json(invitation.details)
    if not place.authority.meets(details):
        raise Http404
    if not place.authority.covers(details):
        raise PermissionDenied
    return invitation


@require_POST
@page
def send_again(request: PageRequest, key: str, pk: int) -> HttpResponse:
    """A new link by a new mail."""
    place = place_or_404(request, key)
    invitation = _invitation_or_404(place, pk)
    if not _may_write(request, place):
        messages.error(request, str(TOO_MANY))
        return back(place)
    try:
        token = services.renew(invitation, by=request.user, now=clock.now())
    except services.NotUsable:
        _gone(request)
    else:
        invitation.refresh_from_db(fields=["expires_at"])
        _send(request, invitation, token)
    return back(place)


@page
def revoke(request: PageRequest, key: str, pk: int) -> HttpResponse:
    """Asks first; then the link is dead."""
    place = place_or_404(request, key)
    invitation = _invitation_or_404(place, pk)
    if request.method != "POST":
        return render(request, "contacts/revoke.html", {"customer": place.customer, "invitation": invitation})
    try:
        services.revoke(invitation, by=request.user, now=clock.now())
    except services.NotUsable:
        _gone(request)
    else:
        messages.success(request, _("The invitation of %(name)s is withdrawn.") % {"name": invitation.name})
    return back(place)


def _gone(request: PageRequest) -> None:
    messages.error(request, _("This invitation has been accepted or withdrawn in the meantime."))


@page
def change(request: PageRequest, key: str, pk: int) -> HttpResponse:
    """Rights, projects and call-back of one contact."""
    place = place_or_404(request, key)
    contact = contact_or_404(place, pk)
    form = ContactForm(
        request.POST or None,
        authority=place.authority,
        projects=place.customer.projects.all(),
        details=Details.of(contact),
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.change(contact, by=request.user, now=clock.now(), details=form.wanted())
        except services.NotAllowed:
            raise PermissionDenied from None
        except services.LastManager:
            form.add_error("can_manage_contacts", last_manager_text(contact))
        else:
            messages.success(request, _("%(name)s: changed.") % {"name": contact.person.name})
            # Who gave the right away has no page about contacts to go back to.
            return back(place) if authority_over(place.customer, request.user) else redirect("home")
    context = {"customer": place.customer, "contact": contact, "form": form}
    return render(request, "contacts/change.html", context, status=400 if form.is_bound else 200)


def last_manager_text(contact: Contact) -> str:
    """Why it is refused, and what to do."""
    return _(
        "%(name)s is the only one who may manage the contacts of %(customer)s. First give this right to a colleague;"
        " or ask the provider's Service Desk, which can do without."
    ) % {"name": contact.person.name, "customer": contact.customer.name}


@page
def leave(request: PageRequest, key: str, pk: int) -> HttpResponse:
    """Asks first; then the contact is switched off at once."""
    place = place_or_404(request, key)
    contact = contact_or_404(place, pk)
    if request.method == "POST":
        try:
            services.leave(contact, by=request.user, now=clock.now())
        except services.NotAllowed:
            raise PermissionDenied from None
        except services.LastManager:
            messages.error(request, last_manager_text(contact))
            return back(place)
        messages.success(request, _("%(name)s has left and is switched off.") % {"name": contact.person.name})
        return back(place) if contact.person_id != request.user.pk else redirect("home")
    others = Contact.objects.managing().filter(customer=place.customer).exclude(pk=contact.pk)
    last_manager = contact.can_manage_contacts and not others.exists()
    context = {
        "customer": place.customer,
        "contact": contact,
        "last_manager": last_manager,
        "refused": last_manager_text(contact) if last_manager and not place.authority.provider else "",
    }
    return render(request, "contacts/leave.html", context)


@require_POST
@page
def come_back(request: PageRequest, key: str, pk: int) -> HttpResponse:
    place = place_or_404(request, key)
    contact = contact_or_404(place, pk)
    try:
        services.come_back(contact, by=request.user, now=clock.now())
    except services.NotAllowed:
        raise PermissionDenied from None
    messages.success(
        request,
        _("%(name)s is a contact again and signs in as before.") % {"name": contact.person.name},
    )
    return back(place)
