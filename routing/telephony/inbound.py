"""Answers by a text: whose they are, which page they mean, and what is written back."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _
from prometheus_client import Counter

from matrix.terms import Channel
from portal.kill_points import kill_point
from portal.models import Person, Team
from routing.incidents.services import ActionRefused
from routing.paging import messages
from routing.paging.models import ACTIVE, AWAITED, ContactMethod, Page
from routing.paging.services import Answer, answer_page, pass_on_page

from .replies import Reply, parse

PHONES = (Channel.VOICE, Channel.SMS)
LISTED = 5

Act = Callable[..., Answer]
"""`answer_page` or `pass_on_page`."""

unknown_senders = Counter("direktdraht_sms_from_unknown_number", "Texts from numbers that nobody was paged at")


def answer_text(*, sender: str, body: str, now: datetime) -> str:
    """Do what a text from the E.164 number `sender` says; what to write back, in its owner's language.

    Empty for a number that nobody has: strangers learn nothing.
    """
    pages = _pages_of(sender)
    language = _language(sender, pages)
    if language is None:
        unknown_senders.inc()
        return ""
    with translation.override(language):
        reply = parse(body)
        if reply is None:
            return _help(pages)
        return " ".join(in_short([_do(page, code, reply, pages, now=now) for page, code in _meant(reply, pages)]))


def in_short(sentences: list[str]) -> list[str]:
    """What many answers at once came to, as far as anybody would listen."""
    if len(sentences) <= LISTED:
        return sentences
    return [*sentences[:LISTED], _("and %(count)d more") % {"count": len(sentences) - LISTED} + "."]


def _pages_of(number: str) -> QuerySet[Page]:
    """What was sent to the number, and all pages of the people whose number it is; the latest first."""
    owners = ContactMethod.objects.filter(channel__in=PHONES, address=number, verified_at__isnull=False)
    sent = Page.objects.filter(deliveries__to=number, deliveries__channel__in=PHONES)
    return (
        Page.objects.filter(Q(person__in=owners.values("person")) | Q(pk__in=sent.values("pk")), informs=False)
        .select_related("person", "escalation__incident__project")
        .order_by("-pk")
    )


def _language(number: str, pages: QuerySet[Page]) -> str | None:
    """The language of whoever has the number; None if nobody has."""
    owner = Person.objects.filter(
        contact_methods__channel__in=PHONES,
        contact_methods__address=number,
        contact_methods__verified_at__isnull=False,
    ).first()
    if owner:
        return owner.language
    page = pages.first()
    if page:
        return page.deliveries.order_by("pk").values_list("language", flat=True).last()
    return "en" if Team.objects.filter(phone=number).exists() else None


def _meant(reply: Reply, pages: QuerySet[Page]) -> Iterable[tuple[Page | None, int | None]]:
    """The pages a reply means, each beside the code it was named by. Open ones go first."""
    if reply.everything:
        latest = _waiting(pages).order_by("escalation", "-pk").distinct("escalation")
        return [(page, None) for page in latest] or [(None, None)]
    if not reply.codes:
        return [(_waiting(pages).first() or pages.first(), None)]
    return [
        (_waiting(pages.filter(code=code)).first() or pages.filter(code=code).first(), code) for code in reply.codes
    ]


def _waiting(pages: QuerySet[Page]) -> QuerySet[Page]:
    return pages.filter(Q(state=Page.State.OPEN, escalation__state__in=ACTIVE) & ~Q(route=Page.CALL_IN_ROUTE) | AWAITED)


def _do(page: Page | None, code: int | None, reply: Reply, pages: QuerySet[Page], *, now: datetime) -> str:
    if page is None:
        missing = _("There is no page with the code %(code)s.") % {"code": code} if code is not None else ""
        return f"{missing} {_help(pages)}".strip()
    return answered(page, answer_page if reply.acknowledges else pass_on_page, now=now, via="sms")


def answered(page: Page, act: Act, *, now: datetime, via: str) -> str:
    """Acknowledge or pass on, and say after the commit what came of it."""
    try:
        answer = act(page, person=page.person, now=now, via=via)
    except ActionRefused:
        return _("Incident %(number)s cannot be passed on now.") % {"number": page.escalation.incident.number}
    kill_point("after_answer_commit")
    return messages.answered(answer)


def _help(pages: QuerySet[Page]) -> str:
    waiting = list(_waiting(pages)[:LISTED])
    if not waiting:
        return _("Nothing waits for an answer from you.")
    listed = ", ".join(f"{page.code} ({page.escalation.incident.project.key})" for page in waiting)
    return _("Reply 1 and code to acknowledge, 2 and code to pass on. Open: %(codes)s") % {"codes": listed}
