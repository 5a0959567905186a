from datetime import datetime
from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RoutingConfig(AppConfig):
    name = "routing"
    verbose_name = _("incidents and calls")

    def ready(self) -> None:
        from oncall.signals import roster_changed

        roster_changed.connect(_look_again, dispatch_uid="routing")


def _look_again(*, projects: set[int], now: datetime, **_kwargs: Any) -> None:
    """Whoever is on duty by now is called at once by chains that run."""
    from .paging import escalating

    escalating.roster_changed(projects, now=now)
