"""The addresses that the phone provider calls. Every one of them is signed; see `signature.py`."""

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from portal import clock
from portal.models import Installation
from routing.paging import messages
from routing.paging.codes import code_of
from routing.paging.messages import Matter
from routing.paging.models import Delivery, Page
from routing.paging.sending import pages_of
from routing.paging.services import answer_page, pass_on_page

from . import inbound, reports, twiml
from .signature import from_provider

SILENT_TWICE = 2


@from_provider
def voice(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Somebody, or something, has answered a call."""
    delivery = get_object_or_404(Delivery, public_id=public_id)
    reports.note(delivery, request.POST.dict(), now=clock.now())
    with translation.override(delivery.language):
        return _twiml(_page_call(delivery))


@from_provider
def key(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A key was pressed, or none."""
    delivery = get_object_or_404(Delivery, public_id=public_id)
    with translation.override(delivery.language):
        return _twiml(_after_key(request, delivery, now=clock.now()))


@from_provider
def status(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """How a call or message is getting on."""
    delivery = get_object_or_404(Delivery, public_id=public_id)
    reports.note(delivery, request.POST.dict(), now=clock.now())
    return HttpResponse(status=204)


@from_provider
def sms(request: HttpRequest) -> HttpResponse:
    """Somebody has written."""
    sender, body = request.POST.get("From", ""), request.POST.get("Body", "")
    return _twiml(twiml.reply(inbound.answer_text(sender=sender, body=body, now=clock.now())))


@from_provider
def hotline(request: HttpRequest) -> HttpResponse:
    """Somebody calls the number that pages come from."""
    del request
    installation = Installation.objects.first()
    with translation.override(settings.LANGUAGE_CODE):
        greeting = _("This is %(name)s. Please call the number on your contact card.")
        return _twiml(twiml.goodbye([greeting % {"name": installation.name if installation else "Direktdraht"}]))


def _twiml(document: str) -> HttpResponse:
    return HttpResponse(document, content_type="application/xml; charset=utf-8")


def _after_key(request: HttpRequest, delivery: Delivery, *, now: datetime) -> str:
    digits = request.POST.get("Digits", "")
    match digits:
        case "1":
            return _answered(delivery, answer_page, now=now)
        case "2":
            return _answered(delivery, pass_on_page, now=now)
        case "*":
            return _page_call(delivery)
    silent = 0 if digits else int(request.GET.get("silent") == "1") + 1
    if silent == SILENT_TWICE:
        return twiml.goodbye([])
    return twiml.keys_again(_matters(delivery), key_url=_key_url(delivery, silent=silent))


def _answered(delivery: Delivery, act: inbound.Act, *, now: datetime) -> str:
    pages: list[Page] = [page for page in pages_of(delivery) if not page.informs]
    return twiml.goodbye(inbound.in_short([inbound.answered(page, act, now=now, via="voice") for page in pages]))


def _page_call(delivery: Delivery) -> str:
    if delivery.method is not None:
        return twiml.goodbye([_proof(delivery, delivery.method.person.name)] * 2)
    name = delivery.pages.order_by("pk").values_list("name", flat=True).first() or ""
    return twiml.page_call(_matters(delivery), name=name, key_url=_key_url(delivery))


def _proof(delivery: Delivery, name: str) -> str:
    """What a call says that only shows that it arrives."""
    if delivery.kind == Delivery.Kind.CODE:
        return messages.spoken_code(code_of(delivery))
    return messages.trial_text(name)


def _matters(delivery: Delivery) -> tuple[Matter, ...]:
    return messages.matters(pages_of(delivery))


def _key_url(delivery: Delivery, *, silent: int = 0) -> str:
    url = reverse("telephony:key", args=[delivery.public_id])
    return f"{url}?{urlencode({'silent': silent})}" if silent else url
