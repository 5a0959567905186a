"""Who acts, known without being passed down: whoever sent the request, or whom a service names.

Nobody where no request is answered: then it is the portal itself, or a command on its host.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from portal.models import Person

_request: ContextVar[HttpRequest | None] = ContextVar("audit_request", default=None)
_named: ContextVar[tuple[Person | None, str] | None] = ContextVar("audit_named", default=None)


def of_request(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: until the answer is made, it is the request's person who acts, once one is known."""

    def middleware(request: HttpRequest) -> HttpResponse:
        token = _request.set(request)
        try:
            return get_response(request)
        finally:
            _request.reset(token)

    return middleware


@contextmanager
def acting(by: Person | None, why: str = "") -> Iterator[None]:
    """Within it `by` acts, and for that reason."""
    token = _named.set((by, why))
    try:
        yield
    finally:
        _named.reset(token)


def by_whom() -> tuple[Person | None, str]:
    """Who acts, and why if that was said. The request's person may come to be known only while it is answered."""
    if (named := _named.get()) is not None:
        return named
    person = getattr(_request.get(), "user", None)
    return (person if isinstance(person, Person) else None), ""
