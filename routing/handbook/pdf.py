"""The handbook as PDF."""

from dataclasses import asdict
from datetime import date
from pathlib import Path

from routing.typesetting import digest_of, typeset

from .blocks import Handbook

TEMPLATE = Path(__file__).parent / "handbook.typ"


def pdf_of(handbook: Handbook) -> bytes:
    """The PDF, the same bytes for the same handbook. Raises `routing.typesetting.NotSet`."""
    issued_on = date.fromisoformat(handbook.issued_on)
    return typeset(TEMPLATE, asdict(handbook), kind="handbook", about=handbook.project_key, issued_on=issued_on)


def etag_of(handbook: Handbook) -> str:
    """What tells one handbook from another: its version, its content and how it is set."""
    return f'"v{handbook.version}-{digest_of(TEMPLATE, asdict(handbook))}"'


def filename_of(handbook: Handbook) -> str:
    """Such as `Betriebshandbuch-webshop-v3-2026-11-24.pdf`: where files are kept, it says what it is."""
    title = handbook.title.replace(" ", "-")
    return f"{title}-{handbook.project_key}-v{handbook.version}-{handbook.issued_on}.pdf"
