"""A form's field for files."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.datastructures import MultiValueDict
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import kinds


class FilesInput(forms.FileInput):
    """A choice of several files; the browser is told what is taken, the field checks it."""

    allow_multiple_selected = True

    def value_from_datadict(
        self, data: Mapping[str, Any], files: MultiValueDict[str, UploadedFile], name: str
    ) -> list[UploadedFile]:
        return files.getlist(name)

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Mapping[str, Any], name: str) -> bool:
        return name not in files


class AttachmentsField(forms.FileField):
    """Files to attach, none by default; cleans to a list, each of them of a kind and size that is taken.

    A form with it is sent as `multipart/form-data` and bound with `request.FILES`.
    """

    widget = FilesInput

    def __init__(self, **options: Any) -> None:
        given = {"label": gettext_lazy("Files"), "required": False, "help_text": limits()}
        super().__init__(**{**given, **options})

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {
            **super().widget_attrs(widget),
            "accept": ",".join(f".{extension}" for extension in kinds.TYPES),
            "data-most-files": settings.ATTACHMENTS_AT_ONCE,
            "data-most-bytes": settings.ATTACHMENT_MAX_BYTES,
            "data-too-much": limits(),
        }

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        files: list[UploadedFile] = [each for each in data or [] if each]
        if not files:
            super().clean(None)
        if len(files) > settings.ATTACHMENTS_AT_ONCE:
            raise forms.ValidationError(_("At most %(count)s files.") % {"count": settings.ATTACHMENTS_AT_ONCE})
        wrong = [error for file in files if (error := _what_is_wrong(file))]
        if wrong:
            raise forms.ValidationError(wrong)
        return files


def _limits() -> str:
    return _(
        "At most %(count)s files of %(size)s each: pictures, PDF, text, CSV, JSON, HAR, e-mail, Word, Excel, ZIP."
    ) % {
        "count": settings.ATTACHMENTS_AT_ONCE,
        "size": filesizeformat(settings.ATTACHMENT_MAX_BYTES),
    }


limits = lazy(_limits, str)
"""What is taken, in the reader's language."""


def _what_is_wrong(file: UploadedFile) -> str:
    """A sentence for the sender; empty where the file is taken."""
    name, size = file.name or "", file.size or 0
    shown = {"name": kinds.plain_name(name)}
    if not kinds.is_taken(name):
        return _("“%(name)s” is of a kind that is not taken; put it into a ZIP file.") % shown
    if not size:
        return _("“%(name)s” is empty.") % shown
    if size > settings.ATTACHMENT_MAX_BYTES:
        return _("“%(name)s” is larger than %(size)s.") % {
            **shown,
            "size": filesizeformat(settings.ATTACHMENT_MAX_BYTES),
        }
    file.seek(0)
    content = file.read()
    file.seek(0)
    if not kinds.holds_what_it_says(name, content):
        return _("“%(name)s” is not what its name says.") % shown
    return ""
