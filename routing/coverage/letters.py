"""The coverage as a mail to an administrator, in their language and zone."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.models import Person
from routing.paging.letters import Letter

from .findings import Finding, Severity
from .queries import Coverage
from .wording import Told, tell

MOST = 30
"""So many findings are told by mail; the page shows all."""


def weekly_letter(found: Coverage, person: Person) -> Letter:
    """Everything that is not covered; also that everything is."""
    with translation.override(person.language), timezone.override(ZoneInfo(person.zone)):
        gaps = len(found.of(Severity.GAP))
        subject = (
            ngettext("Coverage: one gap until %(until)s", "Coverage: %(count)d gaps until %(until)s", gaps)
            if gaps
            else _("Coverage: no gap until %(until)s")
        ) % {"count": gaps, "until": _day(found)}
        lead = _("Gaps: %(gaps)d, risks: %(risks)d, notes: %(notes)d. Projects: %(projects)d.") % {
            "gaps": gaps,
            "risks": len(found.of(Severity.RISK)),
            "notes": len(found.of(Severity.NOTE)),
            "projects": len(found.projects),
        }
        if not found.findings:
            lead = _("Everything is covered: no gap in the next eight weeks, and nothing to note.")
        return _letter(person, subject, lead, found, found.findings)


def news_letter(found: Coverage, news: tuple[Finding, ...], person: Person) -> Letter:
    """What is new since administrators were told last."""
    with translation.override(person.language), timezone.override(ZoneInfo(person.zone)):
        subject = ngettext("Coverage: one new finding", "Coverage: %(count)d new findings", len(news)) % {
            "count": len(news)
        }
        lead = _("This is new in the next eight weeks:")
        return _letter(person, subject, lead, found, news)


def _letter(person: Person, subject: str, lead: str, found: Coverage, told: tuple[Finding, ...]) -> Letter:
    body = "\n".join(_lines(person, lead, found, told))
    return Letter(person.email, person.name, person.language, subject, body)


def _lines(person: Person, lead: str, found: Coverage, told: tuple[Finding, ...]) -> Iterator[str]:
    yield _("Hello %(name)s,") % {"name": person.name}
    yield ""
    yield lead
    for each in tell(found, told[:MOST]):
        yield ""
        yield from _finding(each)
    if len(told) > MOST:
        yield ""
        yield _("There are more: the page shows all.")
    yield ""
    yield _("Read it in the portal, with the way to mend each:")
    yield f"{settings.PUBLIC_URL}{reverse('coverage')}"
    yield ""
    yield _("All times are those of %(zone)s.") % {"zone": person.zone}
    yield ""


def _finding(each: Told) -> Iterator[str]:
    yield f"{each.severity.upper()}: {each.title}"
    yield f"  {', '.join(each.finding.projects)}"
    yield "  " + "; ".join([*each.concerns, each.when])
    yield f"  {each.text}"
    yield f"  {each.to_do}"


def _day(found: Coverage) -> str:
    return date_format(timezone.localtime(found.until), "SHORT_DATE_FORMAT")
