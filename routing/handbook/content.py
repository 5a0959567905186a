"""One handbook, gathered and said once: the page and the PDF draw this same frozen object."""

from collections.abc import Iterator
from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from portal.models import Project

from . import agreed, chains, glossary, hours, people
from .blocks import Cell, Handbook, Line, Section
from .given import Given, given_for

LANGUAGES = ("de", "en")


def handbook_for(project: Project, *, at: datetime, language: str) -> Handbook | None:
    """The handbook of `project` (read with its customer) as of `at`; None where no matrix is in force.

    It is the customer's, whoever asks: published numbers alone, on-call by its public name.
    """
    with translation.override(language):
        given = given_for(project, at=at, language=language)
        return _handbook(given) if given else None


def _handbook(given: Given) -> Handbook:
    project, version = given.project, given.version
    title = _("Operations handbook")
    numbered = _("version %(number)s") % {"number": version.number}
    return Handbook(
        language=given.language,
        title=title,
        project_key=project.key,
        project=project.name,
        customer=project.customer.name,
        provider=given.provider,
        version=version.number,
        issued_on=given.today.isoformat(),
        running=f"{title} {project.key}, {numbered}",
        contents_title=_("Contents"),
        emergency_title=_("In an emergency call"),
        emergency=tuple(people.emergency(given)),
        cover=tuple(_cover(given)),
        sections=tuple(_sections(given)),
    )


def _cover(given: Given) -> Iterator[tuple[str, Cell]]:
    project, version = given.project, given.version
    customer = project.customer
    yield _("Project"), (Line(f"{project.name} ({project.key})" if project.name != project.key else project.key),)
    yield _("Customer"), (Line(", ".join(part for part in (customer.name, customer.city) if part)),)
    if contract := given.content.title.get(given.language):
        yield _("Agreement"), (Line(contract),)
    begins = hours.day_words(version.effective_from.astimezone(given.zone))
    in_force = _("version %(number)s, in force since %(day)s") % {"number": version.number, "day": begins}
    yield _("Communication matrix"), (Line(in_force),)
    yield _("As of"), (Line(hours.day_words(given.today)),)
    if given.provider:
        reached = (chains.phone_line(given.switchboard),) if given.switchboard else ()
        yield _("Provider"), (Line(given.provider), *reached)


def _sections(given: Given) -> Iterator[Section]:
    decided = chains.decided(given)
    yield people.contacts(given)
    yield hours.hours(given)
    yield agreed.priorities(given)
    yield agreed.targets(given)
    yield agreed.matrix(given, decided)
    yield chains.escalation(decided)
    yield chains.on_call(given, decided)
    yield people.management(given, decided)
    yield agreed.topics(given)
    yield people.customer_contacts(given)
    yield glossary.glossary()
    yield agreed.change_log(given)
