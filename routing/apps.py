from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from portal.models import Person


class RoutingConfig(AppConfig):
    name = "routing"
    verbose_name = _("incidents and calls")

    def ready(self) -> None:
        from oncall.signals import roster_changed, went_away

        roster_changed.connect(_look_again, dispatch_uid="routing")
        went_away.connect(_go_on, dispatch_uid="routing")


def _look_again(*, projects: set[int], now: datetime, **_kwargs: Any) -> None:
    """Whoever is on duty by now is called at once by chains that run."""
    from .paging import escalating

    escalating.roster_changed(projects, now=now)


def _go_on(*, person: "Person", now: datetime, **_kwargs: Any) -> None:
    """Chains that wait for somebody who is out of reach by now wait no longer."""
    from .paging import leaving

    leaving.went_away(person, now=now)
