"""The report as PDF, in the look of the handbook."""

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from routing.typesetting import digest_of, typeset

from .blocks import Report

TEMPLATE = Path(__file__).parent / "report.typ"


def pdf_of(report: Report) -> bytes:
    """The PDF, the same bytes for the same report. Raises `routing.typesetting.NotSet`."""
    issued_on = date.fromisoformat(report.issued_on)
    about = f"{report.customer_key} {report.period}"
    return typeset(TEMPLATE, _content(report), kind="report", about=about, issued_on=issued_on)


def etag_of(report: Report) -> str:
    return f'"{report.period}-{digest_of(TEMPLATE, _content(report))}"'


def filename_of(report: Report) -> str:
    """Such as `Servicebericht-alsterkontor-2026-11.pdf`."""
    return f"{report.title.replace(' ', '-')}-{report.customer_key}-{report.period}.pdf"


def _content(report: Report) -> dict[str, Any]:
    """What the template draws; charts with their drawing."""
    content = asdict(report)
    for section, said in zip(report.sections, content["sections"], strict=True):
        if section.chart is not None:
            said["chart"]["svg"] = section.chart.svg
    return content
