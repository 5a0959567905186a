"""Writes of attachments, and the removal of files that nothing knows of."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from portal.models import Person
from routing.incidents.models import Incident
from routing.incidents.timeline import write

from .kinds import plain_name
from .models import FOLDER, Attachment

SWEPT_DAYS = range(2, 9)
"""How many days ago a file must have come to be swept: none that a transaction under way still writes of."""


@transaction.atomic
def attach(
    incident: Incident, files: Iterable[UploadedFile], *, by: Person, now: datetime, public: bool
) -> list[Attachment]:
    """Keep `files`, as `AttachmentsField` checked them, with the incident, and say so in its timeline.

    `public` ones are for whoever sees the incident, others for the provider's people. Without files nothing
    happens. Where the transaction is rolled back, what was stored is removed by `sweep`.
    """
    attached = [
        Attachment.objects.create(
            incident=incident,
            file=file,
            name=plain_name(file.name or ""),
            size=file.size or 0,
            public=public,
            uploaded_by=by,
            uploaded_at=now,
        )
        for file in files
    ]
    if attached:
        write(incident, "attached", now=now, by=by, public=public, names=[each.name for each in attached])
    return attached


def sweep(*, now: datetime) -> int:
    """Remove what the storage holds of the last week and no row tells of; how many files that were."""
    return sum(_sweep_day(now.astimezone(UTC) - timedelta(days=days)) for days in SWEPT_DAYS)


def _sweep_day(day: datetime) -> int:
    folder = f"{FOLDER}/{day:%Y/%m/%d}"
    try:
        _folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return 0
    known = set(Attachment.objects.filter(file__startswith=f"{folder}/").values_list("file", flat=True))
    lost = [path for name in names if (path := f"{folder}/{name}") not in known]
    for path in lost:
        default_storage.delete(path)
    return len(lost)
