"""What a first matrix begins with where there is no template yet: usual terms, to be changed. Pure."""

from .content import CellContent, PriorityContent, ReportingContent, StepContent, TermsContent, VersionContent
from .sla import Clock
from .terms import Channel, Priority, ReportWay, Role, Route, Window

CALL = (Channel.VOICE, Channel.SMS)
DESK = (Channel.DESK, Channel.EMAIL)
HOUR = 60

ON_CALL = (
    StepContent(Role.ON_CALL_PRIMARY, CALL, 15),
    StepContent(Role.ON_CALL_BACKUP, CALL, 15),
    StepContent(Role.ESCALATION_MANAGER, (Channel.SMS, Channel.EMAIL), 15, informs=True),
)
OFFICE = (
    StepContent(Role.SDM, CALL, 5, ring_seconds=20),
    StepContent(Role.SERVICE_DESK, (Channel.VOICE, *DESK), 10, ring_seconds=30),
    StepContent(Role.PROJECT_TEAM, (Channel.VOICE, Channel.EMAIL), 15),
)
QUIET_OFFICE = (
    StepContent(Role.SERVICE_DESK, DESK, HOUR),
    StepContent(Role.PROJECT_TEAM, (Channel.EMAIL,), HOUR),
)

MEANING = {
    Priority.BLOCKER: (
        "Ein geschäftskritischer Dienst steht still, und es gibt keinen Umweg.",
        "A business-critical service is down and there is no way around it.",
        "Die Anwendung ist für niemanden erreichbar",
        "Nobody can reach the application",
    ),
    Priority.CRITICAL: (
        "Ein wichtiger Dienst ist stark eingeschränkt.",
        "An important service is badly impaired.",
        "Jede zweite Anfrage scheitert",
        "Every other request fails",
    ),
    Priority.MAJOR: (
        "Etwas arbeitet nicht richtig, der Betrieb geht weiter.",
        "Something does not work properly; operation goes on.",
        "Ein Bericht wird zu spät erstellt",
        "A report is made too late",
    ),
    Priority.MINOR: (
        "Eine Kleinigkeit ohne Einfluss auf den Betrieb.",
        "A small thing without effect on operation.",
        "Ein Text enthält einen Fehler",
        "A text contains a mistake",
    ),
}
TARGETS = {
    Priority.BLOCKER: (HOUR, 6 * HOUR, HOUR),
    Priority.CRITICAL: (HOUR, 10 * HOUR, 2 * HOUR),
    Priority.MAJOR: (4 * HOUR, None, None),
    Priority.MINOR: (10 * HOUR, None, None),
}
"""Response, restoration and news, in minutes."""
PHONE_FIRST = {"de": "Bitte anrufen; eine Meldung allein genügt nicht.", "en": "Please call; a message is not enough."}
PORTAL_FIRST = {"de": "Bitte im Portal melden.", "en": "Please report in the portal."}


def usual() -> VersionContent:
    """Blocker and Critical are answered at any hour, Major and Minor in support hours."""
    return VersionContent(title={"de": "", "en": ""}, priorities={each: _terms(each) for each in Priority})


def _terms(priority: Priority) -> TermsContent:
    urgent = priority in (Priority.BLOCKER, Priority.CRITICAL)
    response, resolution, news = TARGETS[priority]
    german, english, example_de, example_en = MEANING[priority]
    cells = {
        Route.BUSINESS_HOURS: CellContent(OFFICE if urgent else QUIET_OFFICE),
        Route.AFTER_HOURS: CellContent(ON_CALL) if urgent else CellContent(defers=True),
    }
    if urgent:
        cells[Route.MONITORING] = CellContent(ON_CALL)
    ways = (ReportWay.PHONE, ReportWay.PORTAL) if urgent else (ReportWay.PORTAL, ReportWay.EMAIL)
    reporting = ReportingContent(ways, PHONE_FIRST if urgent else PORTAL_FIRST)
    return TermsContent(
        promise=PriorityContent(response, resolution, Clock.ROUND_THE_CLOCK if urgent else Clock.SUPPORT_HOURS, cells),
        definition={"de": german, "en": english},
        examples={"de": (example_de,), "en": (example_en,)},
        update_minutes=news,
        progress_minutes=2 * HOUR if urgent else None,
        pauses_while_waiting=True,
        reporting=dict.fromkeys(Window, reporting),
    )
