"""What is said about every address of the portal."""

from collections import Counter
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver


def names(resolver: URLResolver, route: str = "") -> Iterator[tuple[str, str]]:
    """Every name that is ours, with its address."""
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            if each.namespace is None:
                yield from names(each, route + str(each.pattern))
        elif isinstance(each, URLPattern) and each.name:
            yield each.name, route + str(each.pattern)


def test_no_two_addresses_share_a_name() -> None:
    """Or links to one of them lead to the other, where a customer finds nothing."""
    counted = Counter(name for name, route in set(names(get_resolver())) if not route.startswith("accounts/"))
    assert [name for name, count in counted.items() if count > 1] == []
