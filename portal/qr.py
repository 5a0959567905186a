"""QR codes as SVG: dark on white with a quiet zone of their own, so that they are read from a dark page too."""

from io import BytesIO

import segno

QUIET_ZONE = 4  # modules; ISO/IEC 18004 asks for it


def svg(text: str) -> bytes:
    """The code as an SVG document without a size: it fills what holds it."""
    output = BytesIO()
    _code(text).save(output, kind="svg", light="#fff", dark="#000", border=QUIET_ZONE, omitsize=True, encoding="utf-8")
    return output.getvalue()


def inline_svg(text: str) -> str:
    """The code as an element of a page."""
    found: str = _code(text).svg_inline(light="#fff", dark="#000", border=QUIET_ZONE, omitsize=True)
    return found


def _code(text: str) -> segno.QRCode:
    # Left to itself the library would write Latin-1 where it can; address books expect UTF-8.
    return segno.make_qr(text, error="m", encoding="utf-8")
