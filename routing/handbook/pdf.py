"""Sets a handbook as PDF: the content goes in as JSON, never as markup, and the fonts are this package's alone."""

import json
import re
from dataclasses import asdict
from datetime import UTC, datetime, time
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

import structlog
import typst

from .blocks import Handbook

log = structlog.get_logger(__name__)

FOLDER = Path(__file__).parent
TEMPLATE = FOLDER / "handbook.typ"
FONTS = FOLDER / "fonts"
LONG_WORD = re.compile(r"\S{26,}")
BREAK_AFTER = re.compile(r"\w{8}(?=\w\w)")
SOFT_HYPHEN = "\u00ad"


class NotSet(Exception):
    """The handbook could not be set; the log says why."""


_one_at_a_time = Lock()
"""A compiler is kept for its parsed fonts, and serves one thread at a time."""


def pdf_of(handbook: Handbook) -> bytes:
    """The PDF, tagged as PDF/UA-1, the same bytes for the same handbook. Raises `NotSet`.

    Where a name holds signs that none of the fonts has, PDF/UA would refuse the whole handbook; then it is set
    without that claim.
    """
    try:
        return _compiled(handbook, accessible=True)
    except (typst.TypstError, OSError) as error:
        log.warning("handbook_not_accessible", project=handbook.project_key, error=str(error))
    try:
        return _compiled(handbook, accessible=False)
    except (typst.TypstError, OSError) as error:
        raise NotSet(str(error)) from error


def _compiled(handbook: Handbook, *, accessible: bool) -> bytes:
    inputs = {"handbook": json.dumps(_breakable(asdict(handbook)), ensure_ascii=False)}
    issued = datetime.combine(datetime.fromisoformat(handbook.issued_on), time(), tzinfo=UTC)
    with _one_at_a_time:
        made, warnings = _compiler(TEMPLATE).compile_with_warnings(
            format="pdf", sys_inputs=inputs, pdf_standards="ua-1" if accessible else None, timestamp=issued
        )
    for warning in warnings:
        log.warning("handbook_warning", project=handbook.project_key, warning=warning.message)
    if not isinstance(made, bytes):
        raise NotSet("no document")
    return made


def _breakable(content: Any) -> Any:
    """The content, whose longest words may break, so that none leaves its column; addresses of links stay."""
    match content:
        case str():
            return LONG_WORD.sub(lambda word: BREAK_AFTER.sub(f"\\g<0>{SOFT_HYPHEN}", word[0]), content)
        case dict():
            return {key: each if key == "href" else _breakable(each) for key, each in content.items()}
        case list() | tuple():
            return [_breakable(each) for each in content]
        case _:
            return content


@lru_cache(maxsize=1)
def _compiler(template: Path) -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])
    return typst.Compiler(template, root=template.parent, font_paths=fonts)


def etag_of(handbook: Handbook) -> str:
    """What tells one handbook from another: its version, its content and how it is set."""
    content = json.dumps(asdict(handbook), sort_keys=True).encode()
    return f'"v{handbook.version}-{sha256(TEMPLATE.read_bytes() + content).hexdigest()[:32]}"'


def filename_of(handbook: Handbook) -> str:
    """Such as `Betriebshandbuch-webshop-v3-2026-11-24.pdf`: where files are kept, it says what it is."""
    title = handbook.title.replace(" ", "-")
    return f"{title}-{handbook.project_key}-v{handbook.version}-{handbook.issued_on}.pdf"
