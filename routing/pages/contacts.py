"""The contacts of a project: as a page, as business cards, and as one card on paper for the day the portal is down."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from portal import clock
from portal.access import may_work
from portal.models import Contact, Installation, Person, Project
from portal.opening import WeekLine, special_days, week_lines
from portal.qr import svg
from portal.queries import hours_facts, maintenance_of, notices_among
from portal.vcard import MEDIA_TYPE, BusinessCard, vcard
from routing.directory import Entry, directory
from routing.gather import ProjectFacts
from routing.presentation import Json, contact_for

from .cards import known_of, priorities_of
from .requests import PageRequest, page

AHEAD = timedelta(days=183)
"""How far ahead the days are shown on which the office is not open as usual."""


@page
def project_contacts(request: PageRequest, key: str) -> HttpResponse:
    """Who looks after the project, when they are there, what will be worked on, and whom of the customer we know."""
    project, now = _project(request, key), clock.now()
    known = known_of(project, now)
    contacts = list(_contacts(project))
    maintenance = maintenance_of(project, since=now)
    context = {
        "now": now,
        "project": project,
        "entries": directory(known, at=now),
        **_support_hours(known, now),
        "maintenance": maintenance,
        "maintenance_notices": notices_among(maintenance, now=now),
        "contacts": _call_backs(contacts, now),
        "manages_contacts": _manages(request.user, contacts),
    }
    return render(request, "pages/contacts.html", context)


@page
def emergency_card(request: PageRequest, key: str) -> HttpResponse:
    """One page of paper: whom to call, and what to have at hand, when nothing else can be looked up."""
    project, now = _project(request, key), clock.now()
    known = known_of(project, now)
    entries = directory(known, at=now)
    context = {
        "now": now,
        "project": project,
        "provider": _provider(),
        "lines": [entry for entry in entries if entry.key in ("hotline", "on-call")],
        "office": [entry for entry in entries if entry.role in ("sdm", "service_desk") and not entry.since],
        "priorities": _instructions(known),
        "matrix_version": known.version.number if known.version else None,
        **_support_hours(known, now),
    }
    return render(request, "pages/emergency_card.html", context)


@page
def all_business_cards(request: PageRequest, key: str) -> HttpResponse:
    """Every contact in one file, for a phone's address book."""
    project, now = _project(request, key), clock.now()
    provider = _provider()
    cards = [business_card(entry, project, provider) for entry in directory(known_of(project, now), at=now)]
    return _file("".join(vcard(card) for card in cards), f"{project.key}.vcf")


@page
def one_business_card(request: PageRequest, key: str, entry: str) -> HttpResponse:
    """One contact as a file for an address book."""
    project = _project(request, key)
    found = _entry(project, entry)
    return _file(vcard(business_card(found, project, _provider())), f"{project.key}-{entry}.vcf")


@page
def qr_code(request: PageRequest, key: str, entry: str) -> HttpResponse:
    """One contact as a picture that a phone's camera reads into its address book."""
    project = _project(request, key)
    card = business_card(_entry(project, entry), project, _provider())
    # What only clutters is left out: the fewer the dots, the better an old camera reads them.
    code = svg(vcard(replace(card, note="", url="", uid="")))
    return HttpResponse(code, content_type="image/svg+xml")


def business_card(entry: Entry, project: Project, provider: str) -> BusinessCard:
    """What an address book keeps of a contact. A team's and a line's name say whose they are."""
    return BusinessCard(
        name=entry.name if entry.person else f"{entry.name} {project.key}" if entry.key == "hotline" else entry.name,
        organisation=provider,
        role=entry.title,
        phone=entry.phone,
        email=entry.email,
        note=f"{project.customer.name}: {project.key}",
        url=settings.PUBLIC_URL + reverse("project_contacts", args=[project.key]),
        uid=f"{project.key}-{entry.key}",
        person=entry.person,
    )


def _file(text: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type=f"{MEDIA_TYPE}; charset=utf-8", headers=headers)


def _project(request: PageRequest, key: str) -> Project:
    return get_object_or_404(Project.objects.visible_to(request.user).select_related("customer"), key=key)


def _entry(project: Project, key: str) -> Entry:
    now = clock.now()
    for entry in directory(known_of(project, now), at=now):
        if entry.key == key:
            return entry
    raise Http404


def _provider() -> str:
    installation = Installation.objects.first()
    return installation.name if installation else ""


def _support_hours(known: ProjectFacts, now: datetime) -> Json:
    """The week and the days that differ from it; a project without support hours has neither."""
    calendar = known.calendar
    if calendar is None:
        return {"week": [], "special_days": [], "zone": ""}
    today = now.astimezone(ZoneInfo(calendar.zone)).date()
    return {
        "week": week_lines(known.hours),
        "special_days": special_days(calendar, known.hours, first=today, last=today + AHEAD),
        "zone": calendar.zone,
    }


def _instructions(known: ProjectFacts) -> list[Json]:
    """Each priority's terms with how to report it in business hours and outside them."""
    rows = known.version.reporting.all() if known.version else ()
    ways = {(row.priority, row.window): row for row in rows}
    return [
        {"terms": terms, **{window: ways.get((terms.priority, window)) for window in ("business_hours", "after_hours")}}
        for terms in priorities_of(known)
    ]


def _contacts(project: Project) -> QuerySet[Contact]:
    """Whom of the customer the project knows, in the order in which they are called back."""
    of_project = Q(limited_to__isnull=True) | Q(limited_to=project)
    present = Contact.objects.filter(of_project, customer=project.customer_id, left_at=None, person__is_active=True)
    return present.select_related("person", "reachable").order_by("call_back_order", "pk").distinct()


def _call_backs(contacts: list[Contact], now: datetime) -> list[Json]:
    calendars = [contact.reachable for contact in contacts if contact.reachable]
    hours = hours_facts(calendars, at=now, known_at=now) if calendars else {}
    weeks: dict[int, list[WeekLine]] = {pk: week_lines(facts) for pk, facts in hours.items()}
    return [
        {"row": contact, "shown": contact_for(contact), "week": weeks.get(contact.reachable_id or 0)}
        for contact in contacts
    ]


def _manages(reader: Person, contacts: list[Contact]) -> bool:
    own = (contact for contact in contacts if contact.person_id == reader.pk)
    return may_work(reader) or any(contact.can_manage_contacts for contact in own)
