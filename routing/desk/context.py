"""What the frame of every page of the provider's people needs of the desk."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from routing.paging.models import Alarm


def alarms(request: HttpRequest) -> dict[str, object]:
    """How many alarms of the portal are open: one small query, and only where a page asks."""
    return {"alarms_open": SimpleLazyObject(lambda: Alarm.objects.filter(cleared_at=None).count())}
