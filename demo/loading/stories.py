"""Past incidents worth telling, so that the demo has a history on its first day."""

from collections.abc import Callable
from datetime import datetime, timedelta

from matrix.models import Topic
from matrix.terms import Priority, Role
from oncall.models import Absence
from oncall.rotation import AbsenceKind
from portal.models import Person, SupportHours
from portal.services import record
from routing.incidents.services import assign, close, create_incident, resolve, start, wait
from routing.incidents.timeline import write
from routing.models import Incident

from .hours import OFFICE
from .intake import NAME as MONITORING
from .telling import Calendar, answer, page_of, person, play_until, project, say, settle, take

Story = Callable[[Calendar, datetime], None]

SHOP = "kunde@alsterkontor.example"
UTILITY = "kunde@seeburg.example"
DESK = "desk@nordhafen.example"
SDM = "sdm@nordhafen.example"
BRM = "brm@nordhafen.example"
HOTLINE = "Hotline"


def tell_stories(*, now: datetime) -> None:
    """Tell every story in the order of its instants; nothing happens after `now`."""
    calendar = Calendar.of(SupportHours.objects.get(slug=OFFICE), now)
    for at, story in sorted(_stories(calendar), key=lambda each: each[0]):
        story(calendar, at)


def _stories(calendar: Calendar) -> list[tuple[datetime, Story]]:
    return [
        (calendar.at(calendar.working_days_ago(12), "17:50"), login_fails_at_closing),
        (calendar.at(calendar.days_ago(15), "23:15"), late_confirmations),
        (calendar.at(calendar.working_days_ago(8), "10:12"), interface_stopped),
        (calendar.at(calendar.days_ago(10), "02:40"), storage_is_slow),
        (calendar.at(calendar.working_days_ago(5), "11:00"), more_frontends),
        (calendar.at(calendar.last_sunday(), "03:00"), shop_down),
    ]


def _minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def _alert(key: str, title: str, description: str, at: datetime) -> Incident:
    """What monitoring reports as a Blocker."""
    return create_incident(
        project=project(key),
        priority=Priority.BLOCKER,
        title=title,
        description=description,
        source=Incident.Source.MONITORING,
        by=None,
        actor_name=MONITORING,
        now=at,
    )


def _report(
    key: str,
    priority: Priority,
    title: str,
    description: str,
    *,
    by: Person,
    at: datetime,
    source: Incident.Source = Incident.Source.PORTAL,
) -> Incident:
    """What a customer reports."""
    return create_incident(
        project=project(key),
        priority=priority,
        title=title,
        description=description,
        source=source,
        by=by,
        reporter=by,
        now=at,
    )


def _close_next_morning(calendar: Calendar, incident: Incident, by: Person) -> None:
    """Closed at the opening after it was resolved, if that has been already."""
    incident.refresh_from_db()
    morning = calendar.opening_after(incident.restored_at or incident.reported_at) + _minutes(25)
    if morning < calendar.now:
        close(incident, by=by, now=morning)


def shop_down(calendar: Calendar, at: datetime) -> None:
    """The primary's phone is on silent; the backup takes it after half an hour, and the caller's report with it."""
    incident = _alert(
        "webshop",
        "webshop: HTTP 503 auf allen Frontends",
        "Alle vier Frontends antworten seit 02:58 Uhr mit 503.",
        at,
    )
    play_until(at + _minutes(6))
    customer = person(SHOP)
    called = _report(
        "webshop",
        Priority.BLOCKER,
        "Shop nicht erreichbar",
        "Kunden sehen nur eine Fehlerseite. Rückruf an Frau Hansen.",
        by=customer,
        at=at + _minutes(6),
        source=Incident.Source.PHONE,
    )
    play_until(at + _minutes(7))
    _link(called, incident, at + _minutes(7), "Die Störung ist bekannt, die Rufbereitschaft wird bereits gerufen.")
    play_until(at + _minutes(33))
    backup = answer(page_of(incident, Role.ON_CALL_BACKUP), at=at + _minutes(33))
    take(called, by=backup, at=at + _minutes(34))
    start(incident, by=backup, now=at + _minutes(36))
    start(called, by=backup, now=at + _minutes(36))
    say(called, "Die Datenbankverbindungen sind erschöpft, ich starte den Pool neu.", by=backup, at=at + _minutes(48))
    resolve(incident, by=backup, now=at + _minutes(70), reason="Verbindungspool neu gestartet und vergrößert")
    resolve(called, by=backup, now=at + _minutes(71), reason="Der Shop ist wieder erreichbar")
    settle()
    primary = page_of(incident, Role.ON_CALL_PRIMARY).person
    if primary is not None:
        text = "Mein Telefon stand auf lautlos. Die Ausnahme für die Rufbereitschaft ist jetzt eingerichtet."
        say(incident, text, by=primary, at=at + _minutes(400), public=False)
    for each in (incident, called):
        _close_next_morning(calendar, each, person(SDM))


def _link(incident: Incident, to: Incident, at: datetime, text: str) -> None:
    write(incident, "linked", now=at, actor_name=HOTLINE, public=True, number=to.number)
    write(incident, "note", now=at, actor_name=HOTLINE, public=True, text=text)


def interface_stopped(calendar: Calendar, at: datetime) -> None:
    """The SDM is in a meeting until 11:00: the Service Desk steps forward and finds the specialist."""
    sdm, desk, specialist = person(SDM), person(DESK), person("fuchs@nordhafen.example")
    day = at.date()
    meeting = (calendar.at(day, "09:30"), calendar.at(day, "11:00"))
    record(Absence, by=sdm, now=calendar.at(day, "09:25"), person=sdm, kind=AbsenceKind.SHORT.value, period=meeting)
    incident = _report(
        "erp",
        Priority.CRITICAL,
        "Schnittstelle zur Warenwirtschaft steht",
        "Seit etwa 10 Uhr kommen keine Bestellungen aus dem Shop mehr an.",
        by=person(SHOP),
        at=at,
    )
    play_until(at + _minutes(2))
    answer(page_of(incident, Role.SERVICE_DESK), by=desk, at=at + _minutes(2))
    assign(incident, assignee=specialist, by=desk, now=at + _minutes(4))
    settle()
    start(incident, by=specialist, now=at + _minutes(6))
    say(
        incident,
        "Die Warteschlange war voll. 214 Bestellungen werden nachgereicht.",
        by=specialist,
        at=at + _minutes(31),
    )
    resolve(incident, by=specialist, now=at + _minutes(58), reason="Warteschlange geleert, Schnittstelle läuft")
    _close_next_morning(calendar, incident, sdm)


def storage_is_slow(calendar: Calendar, at: datetime) -> None:
    """One cause, three projects: one call names all three, each customer gets the same updates."""
    title = "Storage-Cluster Frankfurt 2: Latenz"
    text = "Schreibzugriffe dauern länger als zwei Sekunden."
    incidents = [_alert(key, title, text, at) for key in ("webshop", "erp", "kundenportal")]
    play_until(at + _minutes(3))
    for incident in incidents:
        primary = answer(page_of(incident, Role.ON_CALL_PRIMARY), at=at + _minutes(3))
    first, *others = incidents
    for other in others:
        write(other, "linked", now=at + _minutes(5), by=primary, number=first.number)
    for incident in incidents:
        start(incident, by=primary, now=at + _minutes(5))
        say(incident, "Ein Controller ist ausgefallen, der Verbund baut neu auf.", by=primary, at=at + _minutes(20))
        say(incident, "Der Neuaufbau ist halb fertig, die Antwortzeiten sinken.", by=primary, at=at + _minutes(50))
        resolve(incident, by=primary, now=at + _minutes(75), reason="Controller getauscht, Latenz normal")
        _close_next_morning(calendar, incident, person(SDM))


def login_fails_at_closing(calendar: Calendar, at: datetime) -> None:
    """Reported ten minutes before closing: on-call takes over at 18:00, the backup earlier than usual."""
    incident = _report(
        "kundenportal",
        Priority.BLOCKER,
        "Anmeldung schlägt für alle fehl",
        "Seit 17:45 Uhr kann sich niemand mehr anmelden, auch wir selbst nicht.",
        by=person(UTILITY),
        at=at,
    )
    play_until(at + _minutes(17))
    backup = answer(page_of(incident, Role.ON_CALL_BACKUP), at=at + _minutes(17))
    start(incident, by=backup, now=at + _minutes(19))
    say(incident, "Ein abgelaufenes Zertifikat am Verzeichnisdienst. Ich tausche es.", by=backup, at=at + _minutes(32))
    resolve(incident, by=backup, now=at + _minutes(55), reason="Zertifikat erneuert, Anmeldung geprüft")
    _close_next_morning(calendar, incident, person("reinhardt@nordhafen.example"))


def late_confirmations(calendar: Calendar, at: datetime) -> None:
    """A Major at night waits for the opening; the customer was told so before sending."""
    sdm = person(SDM)
    incident = _report(
        "webshop",
        Priority.MAJOR,
        "Bestellbestätigungen verspätet",
        "Die Bestätigungen kommen etwa eine Stunde nach der Bestellung.",
        by=person(SHOP),
        at=at,
    )
    opening = calendar.opening_after(at)
    play_until(opening + _minutes(10))
    take(incident, by=sdm, at=opening + _minutes(12))
    start(incident, by=sdm, now=opening + _minutes(20))
    resolve(incident, by=sdm, now=opening + _minutes(95), reason="Ein Versandprozess hing und wurde neu gestartet")
    _close_next_morning(calendar, incident, sdm)


def more_frontends(calendar: Calendar, at: datetime) -> None:
    """A request: the SDM checks it, the BRM offers, the customer orders, and it is done."""
    customer, sdm, brm = person(SHOP), person(SDM), person(BRM)
    incident = create_incident(
        project=project("webshop"),
        kind=Incident.Kind.REQUEST,
        topic=Topic.objects.get(key="extension"),
        priority=Priority.MINOR,
        title="Zwei weitere Frontends für das Weihnachtsgeschäft",
        description="Wir erwarten doppelt so viele Besucher. Bitte um ein Angebot.",
        source=Incident.Source.PORTAL,
        by=customer,
        reporter=customer,
        now=at,
    )
    assign(incident, assignee=sdm, by=sdm, now=at + _minutes(12))
    say(incident, "Technisch passt das. Frau Lindner schickt Ihnen ein Angebot.", by=sdm, at=at + _minutes(25))
    assign(incident, assignee=brm, by=sdm, now=at + _minutes(26))
    say(incident, "Das Angebot ist in Ihrer Post: zwei Frontends, monatlich kündbar.", by=brm, at=at + _minutes(200))
    wait(incident, by=brm, now=at + _minutes(201))
    ordered = calendar.opening_after(at) + _minutes(80)
    say(incident, "Danke, hiermit bestellt.", by=customer, at=ordered)
    assign(incident, assignee=sdm, by=brm, now=ordered + _minutes(15))
    resolve(incident, by=sdm, now=ordered + _minutes(290), reason="Beide Frontends sind im Verbund")
    _close_next_morning(calendar, incident, sdm)
