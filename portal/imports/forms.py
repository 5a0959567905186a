"""What is uploaded or pasted."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .table import MOST_ROWS, BadTable, Table, read, text_of

WRONG = {
    "empty": _("There must be a row that names the columns, and at least one more."),
    "binary": _("This is no CSV. Save the table as CSV (UTF-8) first."),
    "too_long": _("The table is larger than 1 MiB. Import it in parts."),
    "too_many": _("The table has more than %(count)d rows. Import it in parts."),
    "cell_too_long": _("A cell is longer than 2,000 characters. A quote that is not closed does that, too."),
    "broken": _("The table cannot be read: a quote is not closed, or something follows a closed one."),
}


class TableForm(forms.Form):
    """A file, or the rows themselves."""

    file = forms.FileField(
        label=_("CSV file"),
        required=False,
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt"}),
    )
    text = forms.CharField(
        label=_("… or paste the rows here"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=_("With the row that names the columns. Commas, semicolons or tabs between the cells."),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if self.errors:
            return given
        try:
            if given.get("file"):
                given["text"] = text_of(given["file"].read())
            given["table"] = read(given.get("text", ""))
        except BadTable as bad:
            raise forms.ValidationError(WRONG[bad.code], params={"count": MOST_ROWS}) from None
        return given

    @property
    def table(self) -> Table:
        """Of a valid form."""
        found: Table = self.cleaned_data["table"]
        return found


class ConfirmForm(forms.Form):
    stamp = forms.CharField(max_length=64, widget=forms.HiddenInput)
    why = forms.CharField(label=_("Why?"), max_length=300, help_text=_("Is recorded with every row that is changed."))
