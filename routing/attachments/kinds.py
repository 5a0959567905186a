"""Which files are taken: named by an allow-list of extensions, and holding what the name says.

Pure functions over names and bytes. What could run in a browser (HTML, SVG, XML) is not on the list.
"""

import re
from io import BytesIO
from pathlib import PurePosixPath
from zipfile import BadZipFile, ZipFile

import puremagic

TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "txt": "text/plain",
    "log": "text/plain",
    "csv": "text/csv",
    "json": "application/json",
    "har": "application/json",
    "eml": "message/rfc822",
}
"""Extension → media type it is served with."""

TEXTS = frozenset({"txt", "log", "csv", "json", "har", "eml"})
PARTS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}
"""What an Office document holds, which to its first bytes is any ZIP."""
UTF16 = (b"\xff\xfe", b"\xfe\xff")
HEAD = 4096
LONGEST_NAME = 120
FORBIDDEN_IN_NAMES = re.compile(r'[<>:"|?*\\/]')


def extension_of(name: str) -> str:
    """In lower case, without the dot; empty where there is none."""
    return PurePosixPath(name).suffix.lower().removeprefix(".")


def is_taken(name: str) -> bool:
    """Whether files of this name's extension are taken at all."""
    return extension_of(name) in TYPES


def type_of(name: str) -> str:
    """The media type a file is served with: its extension's, never what the sender claimed."""
    return TYPES[extension_of(name)]


def holds_what_it_says(name: str, content: bytes) -> bool:
    """Whether the content is of the kind that the extension, which is taken, promises."""
    extension = extension_of(name)
    signs = _signs(content)
    if extension in TEXTS:
        return _is_text(content) and signs.isdisjoint(TYPES.keys() - TEXTS)
    if extension in PARTS:
        return "zip" in signs and PARTS[extension] in _names_in(content)
    return any(TYPES.get(sign) == TYPES[extension] for sign in signs)


def plain_name(name: str) -> str:
    """The sender's name for the file, fit for any disk, page and header: one line, no path, not long.

    A file that is taken keeps its extension, which says how it is served.
    """
    last = re.split(r"[\\/]", name)[-1]
    shown = FORBIDDEN_IN_NAMES.sub("_", "".join(c for c in last if c.isprintable())).strip(" .")
    if is_taken(name) and not is_taken(shown):
        return f"file.{extension_of(name)}"  # nothing but signs that are left out stood before the dot
    if len(shown) > LONGEST_NAME:
        kept = PurePosixPath(shown).suffix if is_taken(shown) else ""
        shown = shown.removesuffix(kept)[: LONGEST_NAME - len(kept)].strip(" .") + kept
    return shown or "file"


def _signs(content: bytes) -> set[str]:
    """The extensions that the first bytes speak for most."""
    try:
        found = puremagic.magic_string(content[:HEAD])
    except (puremagic.PureError, ValueError):
        return set()
    surest = max(match.confidence for match in found)
    return {match.extension.removeprefix(".") for match in found if match.confidence == surest}


def _is_text(content: bytes) -> bool:
    return b"\0" not in content or content.startswith(UTF16)


def _names_in(content: bytes) -> set[str]:
    try:
        with ZipFile(BytesIO(content)) as archive:
            return set(archive.namelist())
    except BadZipFile:
        return set()
