"""Downloads of files: for those who may see the incident, and never as a page of this site."""

import structlog
from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from routing.attachments import kinds
from routing.attachments.models import Attachment

from .requests import PageRequest, page

log = structlog.get_logger(__name__)


@page
def download(request: PageRequest, number: int, key: str) -> HttpResponseBase:
    """One file, to be saved; knowing its address gives nobody a right to it."""
    files = Attachment.objects.visible_to(request.user)
    attachment = get_object_or_404(files, incident=number, key=key)
    try:
        content = attachment.file.open("rb")
    except FileNotFoundError as error:
        log.error("file_missing", attachment=attachment.pk)  # noqa: TRY400 -- a file's path tells nothing more
        raise Http404 from error
    response = FileResponse(
        content, as_attachment=True, filename=attachment.name, content_type=kinds.type_of(attachment.name)
    )
    response["Cache-Control"] = "no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response
