"""Who changed what, and when: for administrators alone."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from portal import clock
from routing.pages.requests import PageRequest, administrators_only, page

from .export import MEDIA_TYPE, table
from .forms import LARGEST, QuestionForm
from .names import one_object
from .queries import Key, acts
from .sources import SOURCES
from .wording import lines

PER_PAGE = 50


@require_safe
@page
@administrators_only
def index(request: PageRequest) -> HttpResponse:
    """The latest first. The next page is asked for by the last line of this one, so nothing shifts meanwhile."""
    form = QuestionForm(request.GET)
    context: dict[str, object] = {"now": clock.now(), "form": form, "asked": _asked(request)}
    if form.is_valid():
        after = _read_key(request.GET.get("after", ""))
        found, last = acts(form.question(), after=after, most=PER_PAGE)
        about = form.cleaned_data["about"]
        context |= {
            "lines": lines(found),
            "later": after is not None,
            "next": f"?{urlencode(_asked(request) | {'after': _written(last)})}" if last else "",
            "about": one_object(*about) if about else "",
            "without_about": f"?{urlencode({k: v for k, v in _asked(request).items() if k != 'about'})}",
            "export": urlencode(_asked(request)),
        }
    return render(request, "audit/audit.html", context, status=200 if form.is_valid() else 400)


@require_safe
@page
@administrators_only
def as_csv(request: PageRequest) -> HttpResponseBase:
    """The same question's whole answer."""
    form = QuestionForm(request.GET)
    if not form.is_valid():
        return index(request)
    # The answer is made while it is sent, when the request's own language and zone are over.
    language, zone = translation.get_language(), timezone.get_current_timezone()

    def sent() -> object:
        with translation.override(language), timezone.override(zone):
            yield from table(question)

    question = form.question()
    name = f"audit-{timezone.localtime(clock.now()):%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(sent(), content_type=MEDIA_TYPE, headers=headers)  # type: ignore[arg-type]  # texts


def _asked(request: PageRequest) -> dict[str, str]:
    """The question without the place in its answer."""
    names = ("kind", "by", "object", "since", "until", "about")
    return {name: request.GET[name] for name in names if request.GET.get(name)}


def _written(key: Key) -> str:
    at, place, about, pk = key
    return f"{at.isoformat()}~{place}~{about}~{pk}"


def _read_key(text: str) -> Key | None:
    """A place in the list; what is none begins at its top."""
    instant, *numbers = text.replace(" ", "+").split("~")
    try:
        at = datetime.fromisoformat(instant).astimezone(UTC)
        place, about, pk = (int(number) for number in numbers)
    except (ValueError, OverflowError):
        return None
    if not 0 <= place < len(SOURCES) or not 0 <= about <= LARGEST or not 0 <= pk <= LARGEST:
        return None
    return at, place, about, pk
