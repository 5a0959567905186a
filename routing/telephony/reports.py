"""What the provider reports of a call or message later on. Reports may come late, twice, or in any order."""

from collections.abc import Mapping
from datetime import datetime

from routing.paging import deliveries
from routing.paging.models import Delivery

from .errors import DELIVERY_FAILED, NUMBER_FAILED, SIP_NUMBER_FAILED, describe

ARRIVED = frozenset({"in-progress", "completed", "delivered", "read"})
CANCELLED = "canceled"
NOT_ANSWERED = frozenset({"busy", "no-answer"})
FAILED = frozenset({"failed", "undelivered"})


def note(delivery: Delivery, report: Mapping[str, str], *, now: datetime) -> None:
    """Take in the form of a status callback, or of a call's request for instructions.

    Busy and no answer end the delivery and nothing else; a number that can never be reached moves the chain on.
    """
    sid = report.get("CallSid") or report.get("MessageSid") or ""
    status = report.get("CallStatus") or report.get("MessageStatus") or ""
    if sid:
        deliveries.reported(delivery, provider_id=sid, now=now)
        delivery.refresh_from_db()
    if status in ARRIVED:
        deliveries.delivered(delivery, now=now)
    elif delivery.provider_id not in {"", sid}:
        return  # an earlier attempt that was taken for lost; the one that counts is still on its way
    elif status == CANCELLED:
        deliveries.cancelled(delivery, now=now)
    elif status in NOT_ANSWERED:
        deliveries.undelivered(delivery, error=status, now=now)
    elif status in FAILED:
        _note_failure(delivery, report, status, now=now)


def _note_failure(delivery: Delivery, report: Mapping[str, str], status: str, *, now: datetime) -> None:
    code, sip = _number(report, "ErrorCode"), _number(report, "SipResponseCode")
    error = f"{status}, SIP {sip}" if sip else describe(code, report.get("ErrorMessage", status))
    number = code in NUMBER_FAILED or sip in SIP_NUMBER_FAILED
    if number or code in DELIVERY_FAILED:
        deliveries.failed(delivery, error=error, now=now, number=number)
    else:
        deliveries.undelivered(delivery, error=error, now=now)


def _number(report: Mapping[str, str], name: str) -> int | None:
    value = report.get(name, "")
    return int(value) if value.isdecimal() else None
