"""The page on which somebody leaves: where they stand, and who takes over."""

from typing import cast

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from portal import clock
from portal.administrators import LastAdministrator
from portal.master_data.people import last_administrator_text
from portal.models import Person
from portal.services import ChangedMeanwhile
from routing.pages.requests import PageRequest, administrators_only, page

from . import services
from .forms import DepartureForm
from .queries import duties_of, places_of


@page
@administrators_only
def departure(request: PageRequest, pk: int) -> HttpResponse:
    """Shows every place first; nothing ends before each has somebody, or may be given up."""
    person = get_object_or_404(Person, pk=pk, is_staff=True, is_active=True)
    now = clock.now()
    places = places_of(person, now=now)
    form = DepartureForm(request.POST or None, person=person, places=places)
    status = 200
    if request.method == "POST":
        if form.is_valid() and _left(request, person, form):
            messages.success(request, _("%(name)s has left; every place is decided.") % {"name": person.name})
            return redirect("home") if person.pk == request.user.pk else redirect("person_admin", pk=pk)
        status = 409 if form.has_error(NON_FIELD_ERRORS, "meanwhile") else 400
    duties = duties_of(person, now=now)
    context = {
        "person": person,
        "form": form,
        "places": [(place, form[place.key]) for place in places],
        "this_week": [duty for duty in duties if duty.this_week],
        "later": [duty for duty in duties if not duty.this_week],
        "now": now,
    }
    return render(request, "departures/departure.html", context, status=status)


def _left(request: PageRequest, person: Person, form: DepartureForm) -> bool:
    """Whether it is done; else the form says why not, and keeps what was chosen."""
    why = form.cleaned_data["why"]
    try:
        services.leave(person, form.chosen(), seen=form.seen_places(), by=request.user, now=clock.now(), why=why)
    except LastAdministrator:
        form.add_error(None, last_administrator_text(person))
    except services.LeavesHole as hole:
        for place in hole.places:
            form.add_error(place.key, _("Choose who takes over."))
        if hole.rota is not None and hole.at is not None:
            at = date_format(localtime(hole.at), "SHORT_DATETIME_FORMAT")
            text = _("%(rota)s would have nobody on one of its lines from %(at)s on. Choose somebody else there.")
            form.add_error(None, text % {"rota": hole.rota.name, "at": at})
        else:
            form.add_error(None, _("Something would be without anybody. Choose who takes over, below."))
    except ChangedMeanwhile:
        sent = cast("QueryDict", form.data).copy()
        sent["seen"] = form.fields["seen"].initial
        form.data = sent
        text = _("Somebody has changed where %(name)s stands meanwhile. Look again below, then decide.")
        form.add_error(None, ValidationError(text % {"name": person.name}, code="meanwhile"))
    else:
        return True
    return False
