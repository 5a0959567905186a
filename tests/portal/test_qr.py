"""QR codes as drawings that every page may hold and every camera reads."""

from xml.etree import ElementTree as ET

import segno

from portal.qr import inline_svg, svg
from portal.templatetags.qr import qr

SVG = "{http://www.w3.org/2000/svg}"


def test_it_is_dark_on_a_light_ground_with_a_quiet_zone() -> None:
    drawing = ET.fromstring(svg("tel:+496990009301"))  # noqa: S314 -- our own drawing
    code = segno.make_qr("tel:+496990009301", error="m")
    side = code.symbol_size(border=4)[0]
    assert drawing.attrib["viewBox"] == f"0 0 {side} {side}"
    assert "width" not in drawing.attrib
    ground, dots = drawing.findall(f"{SVG}path")
    assert (ground.attrib["fill"], dots.attrib["stroke"]) == ("#fff", "#000")


def test_umlauts_are_written_in_utf_8() -> None:
    text = "FN:Stefan Böhm"
    as_bytes = segno.make_qr(text.encode(), error="m", mode="byte")
    assert inline_svg(text) == as_bytes.svg_inline(light="#fff", dark="#000", border=4, omitsize=True)


def test_a_page_names_it_for_those_who_do_not_see_it() -> None:
    element = qr("tel:+496990009301", 'Call "us" & wait')
    assert 'role="img" aria-label="Call &quot;us&quot; &amp; wait"><svg' in element
    assert "style" not in element
