"""Reports of a customer's service, for those who work incidents and the customer's Business Relationship Managers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response

from portal import clock
from portal.models import Customer, Installation
from routing.incidents.models import Incident
from routing.pages.handbook import language_of
from routing.pages.requests import PageRequest, page, staff_only
from routing.typesetting import NotSet

from . import queries
from .blocks import Report
from .content import Given, list_title, report_of
from .export import csv_of
from .figures import Counted, Which
from .forms import ListFilter, query_of
from .pdf import etag_of, filename_of, pdf_of
from .periods import Month, Span, span_of
from .wording import OUTCOME, percent_words, span_words, wait_words

log = structlog.get_logger(__name__)

PER_PAGE = 50
LANGUAGES = ("de", "en")


@dataclass(frozen=True)
class Asked:
    """What an address names: a customer whose reports the reader may read, and a span."""

    customer: Customer
    span: Span
    zone: ZoneInfo
    now: datetime

    def address(self, name: str, span: Span | None = None) -> str:
        return reverse(name, args=[self.customer.key, span or self.span])

    def link(self, span: Span, which: Which | None) -> str:
        if which is None:
            return self.address("customer_report", span)
        return f"{self.address('customer_report_list', span)}?{query_of(which)}".removesuffix("?")

    @property
    def cases(self) -> dict[Month, list[Counted]]:
        return queries.cases_of(self.customer, self.span, zone=self.zone, now=self.now)


@page
@staff_only
def index(request: PageRequest) -> HttpResponse:
    """The customers to choose from, with this year's figures."""
    now, zone = clock.now(), queries.report_zone()
    month = Month.of(now, zone)
    span = Span(month.year)
    customers = queries.customers_for(request.user, now=now)
    years = queries.years_of(customers, starts=span.starts(zone), ends=span.ends(zone), now=now)
    rows = [{"year": year, "percent": percent_words(year.response_percent)} for year in years]
    context = {"rows": rows, "span": span, "month": Span(month.year, month.number)}
    return render(request, "reports/index.html", context)


@page
@staff_only
def latest(request: PageRequest, key: str) -> HttpResponse:
    """A customer's report of this month."""
    month = Month.of(clock.now(), queries.report_zone())
    return redirect(_asked(request, key, str(month)).address("customer_report"))


@page
@staff_only
def report(request: PageRequest, key: str, period: str) -> HttpResponse:
    """A month, or a year as twelve months."""
    asked = _asked(request, key, period)
    return _page(request, asked, _report(asked, language_of()))


@page
@staff_only
def report_pdf(request: PageRequest, key: str, period: str) -> HttpResponse:
    """The same report as PDF, in `?lang=` de or en; where it cannot be set, the page that says so."""
    asked = _asked(request, key, period)
    language = request.GET.get("lang", "")
    found = _report(asked, language if language in LANGUAGES else language_of())
    etag = etag_of(found)
    unchanged = get_conditional_response(request, etag=etag)
    if isinstance(unchanged, HttpResponse):
        return unchanged
    try:
        content = pdf_of(found)
    except NotSet as error:
        log.error("report_not_set", customer=key, period=period, error=str(error))  # noqa: TRY400 -- it says where
        return _page(request, asked, found, failed=True)
    disposition = f'attachment; filename="{filename_of(found)}"'
    return HttpResponse(
        content, content_type="application/pdf", headers={"ETag": etag, "Content-Disposition": disposition}
    )


@page
@staff_only
def incidents(request: PageRequest, key: str, period: str) -> HttpResponse:
    """The incidents behind a figure: picked by the rules that counted it."""
    asked = _asked(request, key, period)
    wanted = ListFilter(request.GET, projects=[project.key for project in queries.projects_of(asked.customer)])
    which = wanted.which()
    picked = _picked(asked, which)
    rows = Paginator(picked, PER_PAGE).get_page(request.GET.get("page"))
    said = queries.described([case.number for case in rows.object_list])
    context = {
        "asked": asked,
        "now": asked.now,
        "filter": wanted,
        "span": span_words(asked.span),
        "title": list_title(len(picked), sum(case.call_outs for case in picked) if which.called_out else None),
        "rows": rows,
        "lines": [_line(case, said[case.number], asked.now) for case in rows.object_list if case.number in said],
        "report_url": asked.address("customer_report"),
        "csv_url": f"{asked.address('customer_report_csv')}?{query_of(which)}".removesuffix("?"),
    }
    return render(request, "reports/incidents.html", context)


def _line(case: Counted, incident: Incident, now: datetime) -> dict[str, Any]:
    response, resolution = case.response(now), case.resolution(now)
    return {
        "case": case,
        "incident": incident,
        "response": response.value,
        "response_words": OUTCOME[response],
        "resolution": resolution.value,
        "resolution_words": OUTCOME[resolution],
        "wait": wait_words(case.answered_after) if case.responded_at else "",
    }


@page
@staff_only
def report_csv(request: PageRequest, key: str, period: str) -> HttpResponse:
    """One row per incident the report counts; the list's filter narrows it."""
    asked = _asked(request, key, period)
    wanted = ListFilter(request.GET, projects=[project.key for project in queries.projects_of(asked.customer)])
    titles = queries.titles_of(asked.customer, starts=asked.span.starts(asked.zone), ends=asked.span.ends(asked.zone))
    content = csv_of(_picked(asked, wanted.which()), titles, zone=asked.zone, now=asked.now)
    disposition = f'attachment; filename="{key}-{asked.span}.csv"'
    return HttpResponse(
        content, content_type="text/csv; charset=utf-8; header=present", headers={"Content-Disposition": disposition}
    )


def _asked(request: PageRequest, key: str, period: str) -> Asked:
    """What the address names; 404 where it names nothing, or what the reader may not read."""
    span = span_of(period)
    if span is None:
        raise Http404
    now = clock.now()
    customer = get_object_or_404(queries.customers_for(request.user, now=now), key=key)
    return Asked(customer, span, queries.report_zone(), now)


def _picked(asked: Asked, which: Which) -> list[Counted]:
    cases = asked.cases
    return which.of((case for month in asked.span.months for case in cases[month]), asked.now)


def _report(asked: Asked, language: str) -> Report:
    projects = [project.key for project in queries.projects_of(asked.customer)]
    provider = Installation.objects.values_list("name", flat=True).first() or ""
    given = Given(asked.customer, projects, asked.span, asked.cases, provider, asked.zone, asked.now, asked.link)
    return report_of(given, language=language)


def _page(request: PageRequest, asked: Asked, found: Report, *, failed: bool = False) -> HttpResponse:
    before, after = asked.span.before, asked.span.after
    if after is not None and after.starts(asked.zone) > asked.now:
        after = None  # nothing can stand in it yet
    context = {
        "asked": asked,
        "report": found,
        "failed": failed,
        "before": before and {"url": asked.address("customer_report", before), "name": span_words(before)},
        "after": after and {"url": asked.address("customer_report", after), "name": span_words(after)},
        "year_url": asked.address("customer_report", Span(asked.span.year)) if asked.span.number else "",
        "pdf_url": asked.address("customer_report_pdf"),
        "csv_url": asked.address("customer_report_csv"),
    }
    return render(request, "reports/report.html", context, status=503 if failed else 200)
