"""The world's time zones as a list to choose from."""

from functools import lru_cache
from zoneinfo import available_timezones

REGIONS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)

Choices = list[tuple[str, str] | tuple[str, list[tuple[str, str]]]]


@lru_cache(maxsize=1)
def _by_region() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    found: dict[str, list[tuple[str, str]]] = {region: [] for region in REGIONS}
    for zone in sorted(available_timezones()):
        region, slash, place = zone.partition("/")
        if slash and region in found:
            found[region].append((zone, place.replace("_", " ")))
    return tuple((region, tuple(zones)) for region, zones in found.items())


def zone_choices(current: str) -> Choices:
    """By continent and city; `current` too where it is an older name that the list leaves out."""
    groups: Choices = [(region, list(zones)) for region, zones in _by_region()]
    others = dict.fromkeys(("UTC", current))
    listed = {zone for _region, zones in _by_region() for zone, _place in zones}
    return [*groups, ("UTC", [(zone, zone) for zone in others if zone and zone not in listed])]
