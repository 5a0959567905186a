"""What people may send about how they are reached."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from matrix import labels
from matrix.terms import Channel
from routing.paging.rules import Rule

from .queries import CHANNELS

MINUTES = (0, 2, 5, 10, 15, 20, 30)
SUGGESTED: tuple[Rule, ...] = ((Channel.SMS, 0), (Channel.VOICE, 0), (Channel.VOICE, 5), (Channel.VOICE, 15))
"""SMS and call at once, call again after 5 and 15 minutes: it wakes people up, and the backup comes after 30."""


class MethodForm(forms.Form):
    """A way and an address to be reached by."""

    channel = forms.ChoiceField(
        label=_("How?"),
        choices=[
            (Channel.SMS, _("Text message (SMS)")),
            (Channel.VOICE, _("Call")),
            (Channel.EMAIL, _("E-mail")),
        ],
        initial=Channel.SMS,
        widget=forms.RadioSelect,
    )
    address = forms.CharField(
        label=_("Number or e-mail address"),
        max_length=254,
        help_text=_("A foreign number with its country code, such as +41."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class CodeForm(forms.Form):
    """The code that was sent."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


class RulesForm(forms.Form):
    """For each channel the minutes after the page at which a message goes out."""

    def __init__(self, *args: Any, rules: Collection[Rule], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for channel in CHANNELS:
            own = [after for having, after in rules if having == channel]
            self.fields[channel] = forms.TypedMultipleChoiceField(
                label=labels.CHANNEL[channel],
                choices=[(after, _in_short(after)) for after in sorted({*MINUTES, *own})],
                coerce=int,
                initial=own,
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )

    def rules(self) -> list[Rule]:
        """What was chosen, of a valid form."""
        return [(channel, after) for channel in CHANNELS for after in self.cleaned_data[channel]]


def _in_short(after: int) -> str:
    return str(_("%(count)d min") % {"count": after}) if after else minutes_text(0)


def minutes_text(after: int) -> str:
    """When, as people say it: "at once", "after 5 minutes"."""
    if not after:
        return str(_("at once"))
    return ngettext("after %(count)d minute", "after %(count)d minutes", after) % {"count": after}
