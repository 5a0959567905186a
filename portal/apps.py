from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


def make_groups(**_kwargs: Any) -> None:
    """The three groups always exist; made after every migrate, since a flush erases what migrations wrote."""
    from django.contrib.auth.models import Group

    from .models import GROUPS

    for name in GROUPS:
        Group.objects.get_or_create(name=name)


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("people, customers, projects")

    def ready(self) -> None:
        from .audit.receivers import connect

        post_migrate.connect(make_groups, sender=self)
        connect()
