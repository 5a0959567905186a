"""The German catalogue: `python -m portal.translations collect | compile | check`.

Done with Babel alone, so that neither development nor production needs a system gettext. English is the language of
the source and has no catalogue. `check` fails where a text is not translated, is not in the source any more, or where
the compiled catalogue is older than its source.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("portal", "matrix", "oncall", "routing", "demo")
PO = ROOT / "locale" / "de" / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def sources() -> Iterator[tuple[str, bytes]]:
    """Path and code of everything that may hold texts; templates as the calls they stand for."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), path.read_bytes()
    for folder in ("templates", *PACKAGES):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".html", ".txt") and "templates" in path.parts:
                name = str(path.relative_to(ROOT))
                code = templatize(path.read_text(), origin=name)
                # Indentation means nothing in a template, and would be an error in Python.
                yield name, "\n".join(line.strip() for line in code.splitlines()).encode()


def collected() -> Catalog:
    """Every text of the source, with where it stands."""
    catalog = Catalog(locale="de", domain="django", project="Direktdraht")
    for name, code in sources():
        for line, message, comments, context in extract("python", BytesIO(code), KEYWORDS, ("Translators:",)):
            del line  # line numbers would make every change of code a change of the catalogue
            if message:
                catalog.add(message, locations=[(name, 0)], auto_comments=comments, context=context)
    return catalog


def known() -> Catalog:
    """The catalogue as it is on disk."""
    with PO.open("rb") as file:
        catalog = read_po(file, locale="de", domain="django")
    # Babel writes the time of reading into the compiled catalogue, which would then differ each minute.
    catalog.creation_date = datetime(2000, 1, 1, tzinfo=UTC)
    return catalog


def merged() -> Catalog:
    """What is translated already, under the texts of today's source."""
    template = collected()
    if not PO.exists():
        return template
    catalog = known()
    catalog.update(template, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    return catalog


def po_bytes(catalog: Catalog) -> bytes:
    """The catalogue as text, sorted, without line numbers and dates: a diff shows texts alone."""
    buffer = BytesIO()
    write_po(buffer, catalog, width=116, sort_output=True, omit_header=True, include_lineno=False)
    header = (
        'msgid ""\nmsgstr ""\n"Language: de\\n"\n"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
        '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    )
    return header.encode() + buffer.getvalue()


def mo_bytes() -> bytes:
    buffer = BytesIO()
    write_mo(buffer, known())
    return buffer.getvalue()


def collect() -> None:
    """Write every text of the source into the catalogue, keeping what is translated."""
    PO.parent.mkdir(parents=True, exist_ok=True)
    PO.write_bytes(po_bytes(merged()))


def compile_catalogue() -> None:
    MO.write_bytes(mo_bytes())


def findings() -> Iterator[str]:
    """What is wrong with the catalogue, a line each."""
    if not PO.exists():
        yield f"{PO.relative_to(ROOT)} is missing: run `make messages`"
        return
    if PO.read_bytes() != po_bytes(merged()):
        yield "the source's texts and the catalogue differ: run `make messages`"
    for message in known():
        parts = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.id and not all(parts):
            yield f"not translated: {message.id!r}"
        if message.id and message.fuzzy:
            yield f"to be looked at again: {message.id!r}"
        for error in message.check():
            yield f"{error}: {message.id!r}"
    if not MO.exists() or MO.read_bytes() != mo_bytes():
        yield f"{MO.relative_to(ROOT)} is older than its source: run `python -m portal.translations compile`"


def main(arguments: list[str]) -> int:
    """The exit code: 0 where all is well."""
    if not settings.configured:
        settings.configure()
    match arguments:
        case ["collect"]:
            collect()
        case ["compile"]:
            compile_catalogue()
        case ["check"]:
            found = list(findings())
            sys.stderr.writelines(f"{finding}\n" for finding in found)
            return 1 if found else 0
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
