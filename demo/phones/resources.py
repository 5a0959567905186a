"""Calls and messages as Twilio's REST API (2010-04-01) writes them, and the filters of its lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from demo.phones.callbacks import API_VERSION, segments
from demo.phones.records import Call, Message

PAGE_SIZE, MAX_PAGE_SIZE = 50, 1000
COULD_NOT_DELIVER = "Unknown destination handset"


def _rfc2822(instant: datetime | None) -> str | None:
    return format_datetime(instant) if instant else None


def call_resource(call: Call, account: str) -> dict[str, Any]:
    uri = f"/{API_VERSION}/Accounts/{account}/Calls/{call.sid}"
    return {
        "account_sid": account,
        "annotation": None,
        "answered_by": call.answered_by or None,
        "api_version": API_VERSION,
        "caller_name": None,
        "date_created": _rfc2822(call.created_at),
        "date_updated": _rfc2822(call.ended_at or call.answered_at or call.ringing_at or call.created_at),
        "direction": call.direction,
        "duration": str(call.duration) if call.status == "completed" else None,
        "end_time": _rfc2822(call.ended_at),
        "forwarded_from": None,
        "from": call.from_,
        "from_formatted": call.from_,
        "group_sid": None,
        "parent_call_sid": call.parent_sid or None,
        "phone_number_sid": None,
        "price": None,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": call.sid,
        "start_time": _rfc2822(call.started_at),
        "status": call.status,
        "subresource_uris": {"recordings": f"{uri}/Recordings.json"},
        "to": call.to,
        "to_formatted": call.to,
        "trunk_sid": None,
        "uri": f"{uri}.json",
    }


def message_resource(message: Message, account: str) -> dict[str, Any]:
    uri = f"/{API_VERSION}/Accounts/{account}/Messages/{message.sid}"
    return {
        "account_sid": account,
        "api_version": API_VERSION,
        "body": message.body,
        "date_created": _rfc2822(message.created_at),
        "date_sent": _rfc2822(message.sent_at or message.delivered_at),
        "date_updated": _rfc2822(message.delivered_at or message.sent_at or message.created_at),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": COULD_NOT_DELIVER if message.error_code else None,
        "from": message.from_,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": str(segments(message.body)),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.to,
        "uri": f"{uri}.json",
    }


def in_period(instant: datetime, query: Mapping[str, str], name: str) -> bool:
    """Twilio's date filters: `name` on that day, `name<` on or before, `name>` on or after.

    A day means the whole day in UTC; a value with a time of day is an instant. Raises ValueError.
    """
    for key, compare in ((name, "on"), (f"{name}<", "before"), (f"{name}>", "after")):
        value = query.get(key)
        if value and not _fits(instant, value, compare):
            return False
    return True


def _fits(instant: datetime, value: str, compare: str) -> bool:
    bound: date = datetime.fromisoformat(value).replace(tzinfo=UTC) if "T" in value else date.fromisoformat(value)
    moment: date = instant
    if not isinstance(bound, datetime):
        moment = instant.date()
    elif compare == "on":
        bound, moment = bound.date(), instant.date()
    if compare == "on":
        return moment == bound
    return moment <= bound if compare == "before" else moment >= bound


def page(path: str, query: Mapping[str, str], key: str, records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Twilio's envelope of one page of a list. Raises ValueError for odd page numbers."""
    size = min(max(int(query.get("PageSize", PAGE_SIZE)), 1), MAX_PAGE_SIZE)
    number = max(int(query.get("Page", 0)), 0)
    start = number * size
    part = list(records[start : start + size])

    def uri(of: int) -> str:
        kept = {name: value for name, value in query.items() if name not in {"Page", "PageSize", "PageToken"}}
        return f"{path}?{urlencode(kept | {'PageSize': str(size), 'Page': str(of)})}"

    return {
        key: part,
        "end": start + len(part) - 1 if part else start,
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1) if start + size < len(records) else None,
        "page": number,
        "page_size": size,
        "previous_page_uri": uri(number - 1) if number else None,
        "start": start,
        "uri": uri(number),
    }
