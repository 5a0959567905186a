"""Sends what is queued: claims a delivery, asks the provider outside of any transaction, writes down what came of it.

Any number of workers may call these functions at once, and any of them twice.
"""

import random
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore

import structlog
from django.conf import settings
from django.db import connections, transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.urls import reverse
from django.utils import translation

from matrix.terms import Channel
from portal import clock
from portal.kill_points import kill_point
from routing.notices.letters import Letter, letter_of
from routing.telephony import client, reports
from routing.telephony.errors import PermanentError, ProviderError, TemporaryError, UnknownOutcome

from . import deliveries, messages
from .alarms import clear_alarms, raise_alarm
from .codes import CODE_VALID, code_of
from .mail import send_mail
from .messages import Matter
from .models import POST, Delivery, Page
from .outbox import BUNDLE, last_sent, lock_addresses
from .services import lock_escalations

log = structlog.get_logger(__name__)

State = Delivery.State
LEASE = timedelta(seconds=60)
"""How long an attempt may take; afterwards the worker is taken for dead."""
LOOK_UP_AFTER = timedelta(seconds=5)
"""What the provider has accepted is in its lists by then."""
CLOCKS_DIFFER = timedelta(seconds=30)
BACK_OFF = (2, 4, 8, 15, 30, 60)
JITTER = 0.25
LONGEST_WAIT = 300
MAX_ATTEMPTS = 8
POST_BACK_OFF = (15, 60, 120, 300, 600, 1800, 3600)
POST_ATTEMPTS = 30
"""Post can wait for a mail server that is away: the last attempt is made after a day."""
CLAIM_TRIES = 3
AT_ONCE = 16
"""How many requests to the provider are under way at once; each spends its time waiting."""
POST_AT_ONCE = 4
POST_KEEPS_PLACE = timedelta(days=1)
"""How long a mail that cannot be sent holds back those after it."""
POST_ROUNDS = 20
PROVIDER_ALARMS = ("provider_unavailable", "provider_refused")


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this worker sends now, to whom, and what it says; a code or a test tells of no matter.

    A notice is a `letter` ready to be sent.
    """

    delivery: Delivery
    matters: tuple[Matter, ...]
    name: str
    letter: Letter | None = None

    @property
    def way(self) -> str:
        """The way out it takes, as alarms are kept by."""
        return "mail" if self.delivery.channel == Channel.EMAIL else "phone"


# --- Sending --------------------------------------------------------------------------------------------------


def due_deliveries(*, now: datetime, limit: int = 200) -> list[int]:
    """Ids of what is queued and due at `now`, the longest waiting first; post apart."""
    return _first(_due(now).exclude(kind__in=POST), limit)


def due_post(*, now: datetime, limit: int = 50) -> list[int]:
    """Ids of post that is due at `now`, the longest waiting first; of mails to one address the first alone.

    So they arrive in the order in which things happened, also once a mail server that was away is back. A letter that
    is to leave later holds back nothing.
    """
    post = Delivery.objects.filter(kind__in=POST, state__in=deliveries.UNCONFIRMED)
    begun = post.exclude(state=State.QUEUED, attempts=0, next_attempt_at__gt=now)
    earlier = begun.filter(channel=OuterRef("channel"), to=OuterRef("to"), pk__lt=OuterRef("pk"))
    one_at_a_time = ~Exists(earlier.filter(created_at__gt=now - POST_KEEPS_PLACE))
    return _first(_due(now).filter(one_at_a_time, kind__in=POST), limit)


def _first(due: QuerySet[Delivery], limit: int) -> list[int]:
    return list(due.order_by("next_attempt_at", "pk").values_list("pk", flat=True)[:limit])


_slots = BoundedSemaphore(AT_ONCE)
"""However many runs overlap in this process: with a slow provider they must not use up the database's connections."""
_post_slots = BoundedSemaphore(POST_AT_ONCE)
"""Post has few of its own: however slow the mail server is, it takes none from what pages people."""


def send_all_due(*, now: datetime) -> int:
    """Send everything that is due, post apart, side by side, begun in its order; how many were found.

    One that goes wrong does not stop the others. Each thread works on a connection of its own; where all are busy
    with earlier runs nothing is begun, and the next tick asks again.
    """
    due = due_deliveries(now=now)
    _send_side_by_side(due, _slots, AT_ONCE)
    return len(due)


def send_due_post(*, now: datetime) -> int:
    """Send the post that is due, as `send_all_due` sends the rest; how many mails were found."""
    found = 0
    for _round in range(POST_ROUNDS):
        due = due_post(now=now)
        found += len(due)
        if not _send_side_by_side(due, _post_slots, POST_AT_ONCE):
            break
    return found


def _send_side_by_side(due: list[int], slots: BoundedSemaphore, at_once: int) -> bool:
    """False where nothing was begun: there is nothing, or other runs use every slot."""
    waiting = deque(due)
    threads = sum(slots.acquire(blocking=False) for _thread in range(min(at_once, len(due))))
    if threads:
        with ThreadPoolExecutor(threads, "sender") as pool:
            for _thread in range(threads):
                pool.submit(_send_from, waiting, slots)
    return threads > 0


def _send_from(waiting: deque[int], slots: BoundedSemaphore) -> None:
    try:
        while waiting:
            _send_next(waiting)
    finally:
        connections.close_all()
        slots.release()


def _send_next(waiting: deque[int]) -> None:
    try:
        delivery_id = waiting.popleft()
    except IndexError:  # another thread took the last one
        return
    try:
        send_delivery(delivery_id)
    except Exception:
        log.exception("sending_broke", delivery=delivery_id)
        broken = Delivery.objects.filter(pk=delivery_id, state=State.QUEUED, kind__in=POST)
        broken.update(next_attempt_at=clock.now() + LEASE)


def send_delivery(delivery_id: int) -> None:
    """Make one attempt to send a delivery, if it is due and still wanted; else nothing happens."""
    claim = _claim(delivery_id, now=clock.now())
    if claim is None:
        return
    kill_point("claimed")
    try:
        provider_id = _send(claim)
    except ProviderError as error:
        _note_failure(claim, error, now=clock.now())
    else:
        kill_point("accepted")
        _note_success(claim, provider_id, now=clock.now())


def _claim(delivery_id: int, *, now: datetime) -> Claim | None:
    """Queued → sending, with a lease; → cancelled where nobody's answer is wanted any more.

    An acknowledgement holds the escalation too: once it has committed, nothing enters sending.
    """
    for _try in range(CLAIM_TRIES):
        try:
            with transaction.atomic():
                return _claim_held(delivery_id, now=now)
        except JoinedMeanwhile:
            continue
    return None


class JoinedMeanwhile(Exception):
    """A page joined the message between the locks; all of its escalations are to be held."""


def _claim_held(delivery_id: int, *, now: datetime) -> Claim | None:
    asked_for = Delivery.objects.filter(pk=delivery_id).first()
    if asked_for is None:
        return None
    held = {escalation.pk for escalation in lock_escalations(_together(asked_for, _due(now)))}
    lock_addresses([(asked_for.channel, asked_for.to)])
    # From here on no page joins them, and nobody else claims any of them.
    found = _together(asked_for, _due(now).select_for_update())
    if not found:
        return None
    if not held.issuperset(Page.objects.filter(deliveries__in=found).values_list("escalation", flat=True)):
        raise JoinedMeanwhile
    delivery = _merged(found, now=now)
    mine = Delivery.objects.filter(pk=delivery.pk)
    claim = _what_it_says(delivery, now=now)
    if claim is None:
        mine.update(state=State.CANCELLED, finished_at=now)
        return None
    if delivery.channel == Channel.VOICE and (rest := _rests_until(delivery, now)):
        mine.update(next_attempt_at=rest)
        return None
    mine.update(state=State.SENDING, attempts=F("attempts") + 1, leased_until=now + LEASE, sent_at=now)
    delivery.refresh_from_db()
    return claim


def _due(now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(state=State.QUEUED, next_attempt_at__lte=now)


def _together(delivery: Delivery, due: QuerySet[Delivery]) -> list[Delivery]:
    """What goes out as one: a page with all others that are due to its address; nothing where it is not due itself."""
    if delivery.kind != Delivery.Kind.PAGE:
        return list(due.filter(pk=delivery.pk))
    found = list(due.filter(kind=Delivery.Kind.PAGE, channel=delivery.channel, to=delivery.to).order_by("pk"))
    return found if delivery in found else []


def _merged(found: list[Delivery], *, now: datetime) -> Delivery:
    """One message for the pages of all: the one that was tried least, for it has most tries left."""
    chosen = min(found, key=lambda each: (each.attempts, each.pk))
    others = [each.pk for each in found if each != chosen]
    if others:
        chosen.pages.add(*Page.objects.filter(deliveries__in=others))
        Delivery.objects.filter(pk__in=others).update(state=State.CANCELLED, finished_at=now)
    return chosen


def _rests_until(delivery: Delivery, now: datetime) -> datetime | None:
    """Nobody is called twice within a minute: until when this call waits, if so."""
    last = last_sent(delivery.channel, delivery.to, since=now - BUNDLE)
    return last + BUNDLE if last and last + BUNDLE > now else None


def _what_it_says(delivery: Delivery, *, now: datetime) -> Claim | None:
    """None where nothing is to be said any more."""
    if delivery.kind in (Delivery.Kind.CODE, Delivery.Kind.TEST):
        if delivery.method is None or now >= delivery.created_at + CODE_VALID:
            return None
        return Claim(delivery, (), delivery.method.person.name)
    if delivery.kind == Delivery.Kind.NOTICE:
        letter = letter_of(delivery)
        return Claim(delivery, (), "", letter) if letter else None
    if delivery.kind == Delivery.Kind.LETTER:
        return Claim(delivery, (), delivery.mail_text.name)
    pages = list(pages_of(delivery))
    matters = messages.matters(pages)
    if delivery.kind != Delivery.Kind.STAND_DOWN:
        matters = tuple(matter for matter in matters if matter.wanted)
    return Claim(delivery, matters, pages[0].name) if matters else None


def pages_of(delivery: Delivery) -> list[Page]:
    """Its pages with all that a message tells of them: for each incident the one to be answered, else the latest."""
    latest = delivery.pages.order_by("escalation", "informs", "-pk").distinct("escalation")
    found = Page.objects.filter(pk__in=latest.values("pk")).select_related(
        "person",
        "escalation__incident__project",
        "escalation__incident__assignee",
        "escalation__incident__team",
    )
    return list(found.order_by("pk"))


def _send(claim: Claim) -> str:
    """The provider's id, empty for a mail. Raises ProviderError."""
    delivery = claim.delivery
    with translation.override(delivery.language):
        match delivery.channel:
            case Channel.VOICE:
                return client.place_call(
                    to=delivery.to, url=_url("voice", delivery), status_url=_url("status", delivery)
                )
            case Channel.SMS:
                return client.send_text(to=delivery.to, body=_text(claim), status_url=_url("status", delivery))
            case Channel.EMAIL:
                _send_mail(claim)
                return ""
    raise PermanentError(f"nothing is sent by {delivery.channel}", number=False)


def _send_mail(claim: Claim) -> None:
    to, name = claim.delivery.to, str(claim.delivery.public_id)
    if letter := claim.letter:
        send_mail(to=to, subject=letter.subject, body=letter.text, name=name, html=letter.html, about=letter.about)
        return
    subject, body = _mail(claim)
    calendar = claim.delivery.mail_text.calendar if claim.delivery.kind == Delivery.Kind.LETTER else ""
    send_mail(to=to, subject=subject, body=body, name=name, calendar=calendar)


def _url(name: str, delivery: Delivery) -> str:
    return f"{settings.PUBLIC_URL}{reverse(f'telephony:{name}', args=[delivery.public_id])}"


def _text(claim: Claim) -> str:
    match claim.delivery.kind:
        case Delivery.Kind.STAND_DOWN:
            return messages.stand_down_text(claim.matters)
        case Delivery.Kind.REMINDER:
            return messages.reminder_text(claim.matters, base_url=settings.PUBLIC_URL)
        case Delivery.Kind.CODE:
            return messages.code_text(code_of(claim.delivery))
        case Delivery.Kind.TEST:
            return messages.trial_text(claim.name)
        case Delivery.Kind.LETTER:
            return claim.delivery.mail_text.body
    return messages.sms_text(claim.matters, base_url=settings.PUBLIC_URL)


def _mail(claim: Claim) -> tuple[str, str]:
    match claim.delivery.kind:
        case Delivery.Kind.STAND_DOWN:
            return messages.stand_down_mail(claim.matters, name=claim.name)
        case Delivery.Kind.REMINDER:
            return messages.reminder_mail(claim.matters, name=claim.name, base_url=settings.PUBLIC_URL)
        case Delivery.Kind.CODE:
            return messages.code_mail(code_of(claim.delivery), name=claim.name)
        case Delivery.Kind.TEST:
            return messages.trial_mail(claim.name)
        case Delivery.Kind.LETTER:
            return claim.delivery.mail_text.subject, claim.delivery.mail_text.body
    return messages.mail(claim.matters, name=claim.name, base_url=settings.PUBLIC_URL)


def _note_success(claim: Claim, provider_id: str, *, now: datetime) -> None:
    delivery = claim.delivery
    if delivery.channel == Channel.EMAIL:
        deliveries.delivered(delivery, now=now)
    else:
        deliveries.accepted(delivery, provider_id=provider_id, now=now)
        _hang_up_where_void(delivery.pk)
    clear_alarms(claim.way, *PROVIDER_ALARMS, now=now)


def _hang_up_where_void(delivery_id: int) -> None:
    """Somebody acknowledged while the provider was being asked to call."""
    for delivery in Delivery.objects.filter(pk=delivery_id, hang_up_at__isnull=False):
        _hang_up(delivery)


def _note_failure(claim: Claim, error: ProviderError, *, now: datetime) -> None:
    delivery, text = claim.delivery, str(error)
    log.warning("not_sent", delivery=delivery.pk, channel=delivery.channel, attempt=delivery.attempts, error=text)
    match error:
        case UnknownOutcome():
            deliveries.doubted(delivery, look_up_at=now + LOOK_UP_AFTER, error=text)
        case PermanentError():
            deliveries.failed(delivery, error=text, now=now, number=error.number, sources=[State.SENDING])
        case TemporaryError():
            if error.account:
                raise_alarm("provider_refused", claim.way, now=now, error=text)
            _try_again(delivery, at=now + _wait(delivery, error.retry_after), error=text, now=now)


def _try_again(delivery: Delivery, *, at: datetime, error: str, now: datetime) -> None:
    """Again, unless it was tried often enough; an administrator is told where that is more often than a page may be."""
    sources = (State.SENDING, State.UNKNOWN)
    if delivery.attempts >= MAX_ATTEMPTS:
        way = "mail" if delivery.channel == Channel.EMAIL else "phone"
        raise_alarm("provider_unavailable", way, now=now, error=error)
    if delivery.attempts < (POST_ATTEMPTS if delivery.kind in POST else MAX_ATTEMPTS):
        deliveries.again(delivery, at=at, error=error, sources=sources)
    else:
        deliveries.failed(delivery, error=error, now=now, number=False, sources=sources)


def _wait(delivery: Delivery, retry_after: float | None) -> timedelta:
    """Back-off with jitter, or as long as the provider asked for: for a page never more than five minutes."""
    unhurried = delivery.kind in POST
    steps = POST_BACK_OFF if unhurried else BACK_OFF
    seconds = steps[min(delivery.attempts, len(steps)) - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 -- no secret
    return timedelta(seconds=seconds if unhurried else min(max(seconds, retry_after or 0), LONGEST_WAIT))


# --- Looking up what may have been sent -------------------------------------------------------------------------


def has_unknown(*, now: datetime) -> bool:
    """Whether `reconcile_due` or `settle_due` would find anything."""
    return _doubtful(now).exists() or _unreported(now).exists()


def _doubtful(now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(state__in=[State.SENDING, State.UNKNOWN], leased_until__lte=now)


def reconcile_due(*, now: datetime, limit: int = 20) -> int:
    """Ask the provider for what may or may not have been sent, and whose lease has run out; how many were settled."""
    settled = 0
    for delivery in _doubtful(now).order_by("leased_until", "pk")[:limit]:
        mine = Delivery.objects.filter(pk=delivery.pk, state=delivery.state, leased_until=delivery.leased_until)
        if mine.update(state=State.UNKNOWN, leased_until=now + LEASE):
            _reconcile(delivery, now=now)
            settled += 1
    return settled


def _reconcile(delivery: Delivery, *, now: datetime) -> None:
    """Adopt it if it is there, else send it again: for a page a duplicate is better than silence."""
    try:
        found = _find(delivery, now=now)
    except ProviderError as error:
        log.warning("look_up_failed", delivery=delivery.pk, error=str(error))
        found = None
    if found and deliveries.adopted(delivery, provider_id=found, now=now):
        _hang_up_where_void(delivery.pk)
    else:
        _try_again(delivery, at=now, error=delivery.error, now=now)


def _find(delivery: Delivery, *, now: datetime) -> str | None:
    since = (delivery.sent_at or now - LEASE) - CLOCKS_DIFFER
    known = set(
        Delivery.objects.filter(to=delivery.to, sent_at__gte=since - LEASE)
        .exclude(provider_id="")
        .values_list("provider_id", flat=True)
    )
    if delivery.channel == Channel.VOICE:
        return client.find_call(to=delivery.to, since=since, known=known)
    if delivery.channel == Channel.SMS:
        return client.find_text(to=delivery.to, since=since, marks=_marks(delivery), known=known)
    return None


def _marks(delivery: Delivery) -> list[str]:
    """What tells the delivery's text from others to the same number."""
    if delivery.kind == Delivery.Kind.STAND_DOWN:
        return [f"#{page.escalation.incident_id}" for page in delivery.pages.select_related("escalation")]
    if delivery.kind == Delivery.Kind.LETTER:
        return [delivery.mail_text.body]
    return [f"/a/{page.token}/" for page in delivery.pages.all()]


# --- Reports that never came ------------------------------------------------------------------------------------


def _unreported(now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(state=State.ACCEPTED, settle_at__lte=now)


def settle_due(*, now: datetime, limit: int = 20) -> int:
    """Ask the provider what became of calls and messages whose report seems to be lost; how many were asked about."""
    asked = 0
    for delivery in _unreported(now).order_by("settle_at", "pk")[:limit]:
        later = deliveries.settle_after(delivery, now)
        if _unreported(now).filter(pk=delivery.pk).update(settle_at=later):
            _settle(delivery, now=now)
            asked += 1
    return asked


def _settle(delivery: Delivery, *, now: datetime) -> None:
    """Take in what the provider has recorded, as if it had reported it."""
    try:
        record = client.look_up(delivery.provider_id, call=delivery.channel == Channel.VOICE)
    except PermanentError as error:
        log.warning("not_settled", delivery=delivery.pk, error=str(error))
        Delivery.objects.filter(pk=delivery.pk).update(settle_at=None)
    except ProviderError as error:
        log.warning("settle_later", delivery=delivery.pk, error=str(error))
    else:
        reports.note(delivery, record, now=now)


# --- Hanging up -----------------------------------------------------------------------------------------------


def has_hang_ups(*, now: datetime) -> bool:
    """Whether `hang_up_due` would find anything."""
    return _void(now).exists()


def _void(now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(state=State.ACCEPTED, channel=Channel.VOICE, hang_up_at__lte=now)


def hang_up_due(*, now: datetime, limit: int = 50) -> int:
    """End calls that ring although nobody needs to answer any more; how many were looked at."""
    found = list(_void(now).order_by("hang_up_at", "pk")[:limit])
    for delivery in found:
        _hang_up(delivery)
    return len(found)


def _hang_up(delivery: Delivery) -> None:
    """The next tick tries again where the provider could not be asked."""
    if not delivery.provider_id:
        return
    try:
        client.cancel_call(delivery.provider_id)
    except PermanentError as error:
        log.warning("not_hung_up", delivery=delivery.pk, error=str(error))
    except ProviderError as error:
        log.warning("hang_up_later", delivery=delivery.pk, error=str(error))
        return
    Delivery.objects.filter(pk=delivery.pk, hang_up_at=delivery.hang_up_at).update(hang_up_at=None)
