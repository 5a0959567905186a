"""Countries and their parts whose statutory holidays are known, to choose from."""

import re
from functools import lru_cache

import holidays
from holidays.registry import COUNTRIES

_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


@lru_cache(maxsize=1)
def countries() -> tuple[tuple[str, str], ...]:
    """ISO 3166-1 code and name (English, as the library has it), by name."""
    found = ((code, " ".join(_WORD.split(name))) for name, code, *_rest in COUNTRIES.values())
    return tuple(sorted(found, key=lambda pair: pair[1]))


@lru_cache(maxsize=64)
def subdivisions(country: str) -> tuple[tuple[str, str], ...]:
    """ISO 3166-2 code without the country and name, by name; empty for a country that is not known."""
    if country not in dict(countries()):
        return ()
    place = holidays.country_holidays(country)
    names = {code: name for name, code in place.subdivisions_aliases.items()}
    found = ((code, f"{names[code]} ({code})" if code in names else code) for code in place.subdivisions)
    return tuple(sorted(found, key=lambda pair: pair[1]))
