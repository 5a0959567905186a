"""Files that belong to an incident."""

import uuid
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models import Person
from routing.incidents.models import Incident


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, person: Person | AnonymousUser) -> Self:
        """Files of incidents the person may see; internal ones are for the provider's people."""
        seen = self.filter(incident__in=Incident.objects.visible_to(person))
        return seen if isinstance(person, Person) and person.is_staff else seen.filter(public=True)


def place_of(attachment: "Attachment", _name: str) -> str:
    """Where the storage keeps it: by the day it came, under a name that nobody chose."""
    return f"{FOLDER}/{attachment.uploaded_at:%Y/%m/%d}/{attachment.key.hex}"


FOLDER = "attachments"


class Attachment(models.Model):
    """A file and who may read it. `name` is the sender's, made harmless; the storage knows it by `key` alone."""

    key = models.UUIDField(_("key"), unique=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, related_name="attachments", verbose_name=_("incident")
    )
    file = models.FileField(_("file"), upload_to=place_of, max_length=120)
    name = models.CharField(_("name"), max_length=120)
    size = models.PositiveIntegerField(_("size (bytes)"))
    public = models.BooleanField(_("public"), default=False)
    uploaded_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name=_("uploaded by"))
    uploaded_at = models.DateTimeField(_("uploaded at"))

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["file"], name="attachment_file_once")]

    def __str__(self) -> str:
        return self.name
