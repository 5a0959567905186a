"""Reads what a PDF says and where it says it, by poppler's own tools."""

import os
import re
import subprocess
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from shutil import which

import pytest

missing = which("pdftotext") is None and not os.environ.get("REQUIRE_BROWSER")
needs_poppler = pytest.mark.skipif(missing, reason="needs poppler-utils (apt-get install poppler-utils)")
POINTS_PER_MM = 72 / 25.4


@dataclass(frozen=True)
class Word:
    """A word on a page, with its box in points from the upper left corner."""

    page: int
    text: str
    left: float
    top: float
    right: float
    bottom: float


def words(content: bytes, folder: Path) -> list[Word]:
    """Every word of the PDF with its place."""
    told = _poppler("pdftotext", content, folder, "-bbox")
    found, page = [], 0
    for line in told.splitlines():
        if "<page " in line:
            page += 1
        place = re.search(r'xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)">(.*)</word>', line)
        if place:
            left, top, right, bottom = (float(place[number]) for number in range(1, 5))
            found.append(Word(page, unescape(place[5]), left, top, right, bottom))
    return found


def said(content: bytes, folder: Path) -> str:
    """The text of the PDF in reading order, lines and hyphens joined."""
    return re.sub(r"\s+", " ", _poppler("pdftotext", content, folder).replace("\u00ad\n", ""))


def information(content: bytes, folder: Path) -> dict[str, str]:
    """What the PDF says of itself."""
    lines = _poppler("pdfinfo", content, folder).splitlines()
    return {name.strip(): value.strip() for name, _colon, value in (line.partition(":") for line in lines)}


def _poppler(tool: str, content: bytes, folder: Path, *options: str) -> str:
    file = folder / "handbook.pdf"
    file.write_bytes(content)
    output = ["-"] if tool == "pdftotext" else []
    done = subprocess.run([tool, *options, str(file), *output], capture_output=True, check=True, text=True)
    return done.stdout
