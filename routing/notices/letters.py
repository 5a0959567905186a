"""A notice as a mail: plain text and simple HTML, in its reader's language and zone."""

import textwrap
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from portal.models import Installation, Person
from portal.templatetags.pages import phone
from routing.incidents.models import Incident
from routing.paging.models import Delivery

from .contents import Content, content_of
from .models import Kind, Notice
from .services import may_be_told

WIDTH = 72
INDENT = "  "
LONGEST_TITLE = 120


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready to be sent; those `about` one incident make a conversation."""

    subject: str
    text: str
    html: str
    about: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """The content with all that stands around it."""

    language: str
    greeting: str
    title: str
    content: Content
    invitation: str
    url: str
    sender: str
    small_print: tuple[str, ...]


def letter_of(delivery: Delivery) -> Letter | None:
    """The mail of a notice; None where its reader does not want it any more, or may not read of the incident."""
    related = Notice.objects.select_related("person", "entry__actor", "entry__incident__escalation")
    related = related.select_related("entry__incident__project", "entry__incident__assignee", "entry__incident__topic")
    notice = related.get(delivery=delivery)
    person, incident = notice.person, notice.entry.incident
    if not may_be_told(person, incident, notice.kind):
        return None
    with translation.override(delivery.language), timezone.override(ZoneInfo(person.zone)):
        content = content_of(Kind(notice.kind), notice.entry, person)
        sheet = _sheet(content, incident, person, language=delivery.language)
        return Letter(
            subject=f"#{incident.number} {content.heading}: {_title(incident)}",
            text=_as_text(sheet),
            html=render_to_string("notices/letter.html", {"sheet": sheet}),
            about=f"incident-{incident.number}",
        )


def _sheet(content: Content, incident: Incident, person: Person, *, language: str) -> Sheet:
    return Sheet(
        language=language,
        greeting=_("Hello %(name)s,") % {"name": person.name},
        title=f"#{incident.number} {_title(incident)}",
        content=content,
        invitation=_("Read and answer in the portal:"),
        url=f"{settings.PUBLIC_URL}{reverse('incident', args=[incident.pk])}",
        sender=_sender(),
        small_print=_small_print(person),
    )


def _title(incident: Incident) -> str:
    """One line without control characters, which a subject may not hold."""
    line = "".join(c if c.isprintable() else " " for c in incident.title)
    return textwrap.shorten(line, LONGEST_TITLE, placeholder=" …")


def _sender() -> str:
    installation = Installation.objects.first()
    if installation is None:
        return "Direktdraht"
    return f"{installation.name} · {phone(installation.switchboard)}"


def _small_print(person: Person) -> tuple[str, ...]:
    choices = f"{settings.PUBLIC_URL}{reverse('profile_notices')}"
    return (
        _("This message was sent automatically. Replies to it are not read: please answer in the portal."),
        _("All times are those of %(zone)s.") % {"zone": person.zone},
        _("Which messages you get is up to you: %(url)s") % {"url": choices},
    )


# --- As text --------------------------------------------------------------------------------------------------


def _as_text(sheet: Sheet) -> str:
    """Paragraphs of at most 72 characters a line; addresses and other long words are never broken."""
    facts = [_wrapped(f"{label}: {value}", INDENT, 2 * INDENT) for label, value in sheet.content.facts]
    parts = [
        _wrapped(sheet.greeting),
        _wrapped(sheet.content.lead),
        _wrapped(sheet.content.quote, INDENT),
        "\n".join([_wrapped(sheet.title, INDENT), *facts]),
        _wrapped(sheet.content.after),
        f"{sheet.invitation}\n{sheet.url}",
        "\n".join(["-- ", *map(_wrapped, [sheet.sender, *sheet.small_print])]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _wrapped(text: str, indent: str = "", further: str = "") -> str:
    """Each line of `text` by itself, so that lists and steps stay what they are; it goes on `further` in."""
    wrapper = textwrap.TextWrapper(
        WIDTH,
        initial_indent=indent,
        subsequent_indent=further or indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(wrapper.fill(line) for line in text.strip("\n").splitlines())
