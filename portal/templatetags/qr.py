"""QR codes in pages."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from portal.qr import inline_svg

register = template.Library()


@register.simple_tag
def qr(text: str, label: str) -> SafeString:
    """A QR code of `text` that is read out as `label`."""
    code = mark_safe(inline_svg(text))  # noqa: S308 -- our own drawing: dots and numbers alone
    return format_html('<span class="dd-qr" role="img" aria-label="{}">{}</span>', label, code)
