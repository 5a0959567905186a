"""Sets documents as PDF in one look: content goes in as JSON, never as markup, and the fonts are our own alone."""

import json
import re
from datetime import UTC, date, datetime, time
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import structlog
import typst

log = structlog.get_logger(__name__)

LOOK = Path(__file__).parent / "look.typ"
FONTS = Path(__file__).parent.parent / "handbook" / "fonts"
LONG_WORD = re.compile(r"\S{26,}")
BREAK_AFTER = re.compile(r"\w{8}(?=\w\w)")
SOFT_HYPHEN = "\u00ad"
AS_THEY_ARE = {"href", "svg"}
"""Fields whose long words are no text."""


class NotSet(Exception):
    """The document could not be set; the log says why."""


def typeset(template: Path, content: dict[str, Any], *, kind: str, about: str, issued_on: date) -> bytes:
    """The PDF, tagged as PDF/UA-1, the same bytes for the same content, which the template finds as `sys.inputs`
    under `kind`. Raises `NotSet`.

    Where a name holds signs that none of the fonts has, PDF/UA would refuse the whole document; then it is set
    without that claim. The log calls it by `kind` and `about`.
    """
    inputs = {kind: json.dumps(_breakable(content), ensure_ascii=False)}
    try:
        return _compiled(template, inputs, kind=kind, about=about, issued_on=issued_on, accessible=True)
    except (typst.TypstError, OSError) as error:
        log.warning("document_not_accessible", document=kind, about=about, error=str(error))
    try:
        return _compiled(template, inputs, kind=kind, about=about, issued_on=issued_on, accessible=False)
    except (typst.TypstError, OSError) as error:
        raise NotSet(str(error)) from error


def _compiled(
    template: Path, inputs: dict[str, str], *, kind: str, about: str, issued_on: date, accessible: bool
) -> bytes:
    issued = datetime.combine(issued_on, time(), tzinfo=UTC)
    # A compiler serves once: a second time it no longer finds files that were handed to it.
    files = {"main.typ": template.read_bytes(), "look.typ": LOOK.read_bytes()}
    compiler = typst.Compiler(files, font_paths=_fonts())  # type: ignore[type-var]  # its stub knows single files alone
    made, warnings = compiler.compile_with_warnings(
        format="pdf", sys_inputs=inputs, pdf_standards="ua-1" if accessible else None, timestamp=issued
    )
    for warning in warnings:
        log.warning("document_warning", document=kind, about=about, warning=warning.message)
    if not isinstance(made, bytes):
        raise NotSet("no document")
    return made


def _breakable(content: Any) -> Any:
    """The content, whose longest words may break, so that none leaves its column; addresses of links stay."""
    match content:
        case str():
            return LONG_WORD.sub(lambda word: BREAK_AFTER.sub(f"\\g<0>{SOFT_HYPHEN}", word[0]), content)
        case dict():
            return {key: each if key in AS_THEY_ARE else _breakable(each) for key, each in content.items()}
        case list() | tuple():
            return [_breakable(each) for each in content]
        case _:
            return content


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    """Ours, parsed once."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


def digest_of(template: Path, content: dict[str, Any]) -> str:
    """What tells one document from another: its content and how it is set."""
    said = json.dumps(content, sort_keys=True).encode()
    return sha256(LOOK.read_bytes() + template.read_bytes() + said).hexdigest()[:32]
