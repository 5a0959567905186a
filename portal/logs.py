"""Log lines: time, level, event, fields; tokens never in clear."""

import re
from typing import Any

import structlog

EventDict = dict[str, Any]

_SECRET_PATHS = re.compile(
    r"(/(?:intake|ical|invitation(?:/staff)?|a|password/reset/key)/)([A-Za-z0-9_-]{6})[A-Za-z0-9_.-]*"
)
_BEARER = re.compile(r"(Bearer\s+|routing_key\W+)([A-Za-z0-9]{4})[A-Za-z0-9]+")


def mask(text: str) -> str:
    """Shorten every token in `text` to its first characters."""
    return _BEARER.sub(r"\1\2…", _SECRET_PATHS.sub(r"\1\2…", text))


def mask_tokens(_logger: Any, _name: str, event: EventDict) -> EventDict:
    """A structlog processor that masks tokens in every text field."""
    return {key: mask(value) if isinstance(value, str) else value for key, value in event.items()}


add_level = structlog.stdlib.add_log_level
add_time = structlog.processors.TimeStamper(fmt="%H:%M:%S")
drop_structlog_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
# Plain, for a rich traceback shows the values of variables, and with them tokens and private numbers.
render = structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback)

structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        add_level,
        add_time,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
