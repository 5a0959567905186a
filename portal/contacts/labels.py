"""The words for a contact's fields and their values, in the reader's language."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.templatetags.pages import phone

from . import reachable

FIELDS = {
    "company": gettext_lazy("company"),
    "can_report": gettext_lazy("may report"),
    "can_order": gettext_lazy("may order"),
    "can_manage_contacts": gettext_lazy("may manage contacts"),
    "projects": gettext_lazy("projects"),
    "phones": gettext_lazy("numbers for call-back"),
    "call_back_order": gettext_lazy("order of call-back"),
    "hours": gettext_lazy("reachable"),
}


def value_text(name: str, value: Any) -> str:
    """A value of `Details` for the eye."""
    match name, value:
        case _name, bool():
            return _("yes") if value else _("no")
        case "projects", _value:
            return ", ".join(value) or _("all")
        case "phones", _value:
            return ", ".join(phone(number) for number in value) or "–"
        case "hours", _value:
            return reachable.shown(value) or (_("as agreed") if value == reachable.KEEP else _("at any hour"))
        case _other:
            return str(value) if value else "–"
