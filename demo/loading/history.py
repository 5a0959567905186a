"""What happened before the stories, in less detail: enough of it that a report has something to count.

The rows are written as the portal's services would have left them, but many at once; nobody was messaged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from matrix.sla import due
from matrix.terms import Priority, Role
from oncall.models import Rota, RotaCoverage
from oncall.queries import rota_facts
from oncall.rotation import Duty, duty_at
from portal.hours import is_open
from portal.models import Assignment, Contact, Person, Project, SupportHours
from routing.decision import Reason
from routing.gather import ProjectFacts, gather
from routing.incidents.timeline import entry
from routing.models import Escalation, Incident, Page, TimelineEntry

from .hours import OFFICE
from .intake import NAME as MONITORING
from .telling import Calendar

SDM, PRIMARY, BACKUP, NOBODY = "sdm", "primary", "backup", ""
BACKUP_AFTER = timedelta(minutes=30)
CLOSED_AFTER = timedelta(days=2)


@dataclass(frozen=True)
class Past:
    """One incident: when, how grave, who took it after how many minutes, and after how many it was over.

    The SDM's fall on a day on which the office was open: that day or the last one before. Nobody took what recovered
    by itself.
    """

    days_ago: int
    clock: str
    project: str
    priority: Priority
    who: str
    answered: int
    restored: int
    title: str


B, C, MAJOR, MINOR = Priority.BLOCKER, Priority.CRITICAL, Priority.MAJOR, Priority.MINOR
HISTORY = (
    Past(112, "10:05", "webshop", MAJOR, SDM, 25, 190, "Gutscheine werden nicht angenommen"),
    Past(109, "03:20", "webshop", B, PRIMARY, 6, 48, "webshop: Datenbank nimmt keine Verbindungen an"),
    Past(107, "14:40", "erp", MINOR, SDM, 140, 1800, "Lieferschein zeigt die alte Adresse"),
    Past(103, "22:10", "kundenportal", C, PRIMARY, 9, 95, "kundenportal: Antwortzeiten über zehn Sekunden"),
    Past(101, "09:15", "streaming", MAJOR, SDM, 35, 260, "Untertitel fehlen im Archiv"),
    Past(98, "02:05", "erp", B, BACKUP, 37, 120, "erp: Anwendungsserver antwortet nicht"),
    Past(95, "11:30", "webshop", C, SDM, 12, 75, "Zahlung per Rechnung schlägt fehl"),
    Past(93, "16:10", "cms", MINOR, SDM, 210, 2600, "Vorschau zeigt falsche Schrift"),
    Past(89, "04:45", "webshop", C, NOBODY, 0, 11, "webshop: ein Frontend ohne Antwort"),
    Past(86, "10:20", "webshop", MAJOR, SDM, 55, 420, "Suche findet neue Artikel nicht"),
    Past(84, "19:30", "streaming", B, PRIMARY, 4, 66, "streaming: kein Signal vom Studio"),
    Past(80, "13:05", "erp", MAJOR, SDM, 20, 310, "Etikettendrucker im Lager ohne Verbindung"),
    Past(77, "01:15", "kundenportal", B, BACKUP, 34, 140, "kundenportal: Verzeichnisdienst nicht erreichbar"),
    Past(74, "15:50", "webshop", MINOR, SDM, 90, 1500, "Logo im Fußbereich ist unscharf"),
    Past(72, "08:40", "erp", C, SDM, 150, 520, "Bestellungen aus dem Shop kommen doppelt an"),
    Past(69, "23:55", "webshop", B, PRIMARY, 8, 61, "webshop: HTTP 502 nach Neustart"),
    Past(65, "10:10", "cms", MAJOR, SDM, 45, 380, "Bilder lassen sich nicht hochladen"),
    Past(63, "05:30", "erp", C, PRIMARY, 11, 84, "erp: Festplatte zu 95 Prozent voll"),
    Past(60, "09:50", "webshop", MAJOR, SDM, 30, 240, "Bestellmails kommen verspätet"),
    Past(58, "20:20", "webshop", B, BACKUP, 38, 410, "webshop: Speicher des Datenbankservers erschöpft"),
    Past(55, "11:45", "kundenportal", MAJOR, SDM, 65, 900, "Rechnungen fehlen im Postfach"),
    Past(52, "03:10", "streaming", C, NOBODY, 0, 7, "streaming: ein Encoder ohne Antwort"),
    Past(49, "14:15", "webshop", MINOR, SDM, 180, 3000, "Bericht zeigt den Vormonat zweimal"),
    Past(46, "10:35", "erp", MAJOR, SDM, 270, 700, "Inventurliste lässt sich nicht exportieren"),
    Past(44, "02:50", "webshop", C, PRIMARY, 14, 130, "webshop: Warteschlange wächst"),
    Past(41, "12:30", "streaming", MAJOR, SDM, 40, 350, "Zuschauerzahlen fehlen seit Mittag"),
    Past(38, "21:40", "erp", B, PRIMARY, 5, 72, "erp: Replikation unterbrochen"),
    Past(35, "09:25", "webshop", C, SDM, 18, 160, "Warenkorb verliert Artikel"),
    Past(33, "15:20", "cms", MINOR, SDM, 75, 1200, "Menüpunkt führt ins Leere"),
    Past(30, "04:15", "kundenportal", C, PRIMARY, 10, 105, "kundenportal: Zertifikat läuft in Stunden ab"),
    Past(28, "10:50", "webshop", MAJOR, SDM, 50, 1350, "Auswertung der Retouren bricht ab"),
    Past(25, "00:35", "webshop", B, BACKUP, 36, 88, "webshop: Lastverteiler ohne Ziele"),
    Past(23, "13:40", "erp", MAJOR, SDM, 22, 205, "Kassenabgleich meldet Differenzen"),
)


def add_history(*, now: datetime) -> None:
    """Write it all down, in the order in which it was reported."""
    calendar = Calendar.of(SupportHours.objects.get(slug=OFFICE), now)
    house = _House(now)
    dated = sorted(((_reported_at(calendar, past), past) for past in HISTORY), key=lambda each: each[0])
    incidents = Incident.objects.bulk_create(house.incident(past, at) for at, past in dated)
    chains = Escalation.objects.bulk_create(_chain(incident) for incident in incidents)
    told = [(incident, past) for incident, (_at, past) in zip(incidents, dated, strict=True)]
    Page.objects.bulk_create(
        page
        for chain, (incident, past) in zip(chains, told, strict=True)
        for page in house.pages(chain, incident, past)
    )
    TimelineEntry.objects.bulk_create(line for incident, past in told for line in house.timeline(incident, past))


def _reported_at(calendar: Calendar, past: Past) -> datetime:
    day = calendar.days_ago(past.days_ago)
    while past.who == SDM and not is_open(calendar.hours, calendar.at(day, "12:00")):
        day -= timedelta(days=1)
    return calendar.at(day, past.clock)


def _chain(incident: Incident) -> Escalation:
    route = "business_hours" if incident.source == Incident.Source.PORTAL else "monitoring"
    return Escalation(
        incident=incident, state=Escalation.State.STOPPED, route=route, started_at=incident.reported_at, called=True
    )


class _House:
    """Who and what was there then: projects with their matrix, SDMs, duty and reporters."""

    def __init__(self, now: datetime) -> None:
        projects = list(Project.objects.all())
        known = gather(projects, at=now, known_at=now)
        self.known: dict[str, ProjectFacts] = {each.project.key: each for each in known.values()}
        self.people = Person.objects.in_bulk()
        sdms = Assignment.objects.current().filter(role=Assignment.Role.SDM).order_by("-order")
        self.sdm = {row.project_id: self.people[row.person_id] for row in sdms}
        contacts = Contact.objects.order_by("-call_back_order")
        self.reporter = {row.customer_id: self.people[row.person_id] for row in contacts}
        coverage = RotaCoverage.objects.current().select_related("rota")
        self.rota: dict[int, Rota] = {row.project_id: row.rota for row in coverage}
        self.duty = rota_facts(set(self.rota.values()), at=now, known_at=now)

    def incident(self, past: Past, at: datetime) -> Incident:
        known = self.known[past.project]
        content = known.content[past.priority]
        by_people = past.who == SDM
        return Incident(
            project=known.project,
            priority=past.priority,
            title=past.title,
            status="closed",
            source=Incident.Source.PORTAL if by_people else Incident.Source.MONITORING,
            reporter=self.reporter[known.project.customer_id] if by_people else None,
            assignee=self._who(past, known.project, at),
            matrix_version=known.version,
            reported_at=at,
            created_at=at,
            respond_by=due(at, content.response_minutes, content.clock, known.hours),
            resolve_by=due(at, content.resolution_minutes, content.clock, known.hours),
            responded_at=at + timedelta(minutes=past.answered) if past.who else None,
            restored_at=at + timedelta(minutes=past.restored),
            closed_at=at + timedelta(minutes=past.restored) + CLOSED_AFTER,
        )

    def _who(self, past: Past, project: Project, at: datetime) -> Person | None:
        if past.who == NOBODY:
            return None
        if past.who == SDM:
            return self.sdm[project.pk]
        duty = self._duty(project, at)
        holder = duty.backup if past.who == BACKUP else duty.primary
        return self.people[holder.person] if holder else None

    def _duty(self, project: Project, at: datetime) -> Duty:
        return duty_at(self.duty[self.rota[project.pk].pk], at)

    def pages(self, chain: Escalation, incident: Incident, past: Past) -> Iterator[Page]:
        """The one who took it, and before the backup the primary, who did not answer."""
        if past.who == SDM:
            yield self._page(chain, incident, Role.SDM, self.sdm[incident.project_id], 0)
            return
        duty = self._duty(incident.project, incident.reported_at)
        lines = ((Role.ON_CALL_PRIMARY, duty.primary), (Role.ON_CALL_BACKUP, duty.backup))
        for step, (role, holder) in enumerate(lines[: 2 if past.who == BACKUP else 1]):
            if holder:
                yield self._page(chain, incident, role, self.people[holder.person], step)

    def _page(self, chain: Escalation, incident: Incident, role: Role, person: Person, step: int) -> Page:
        answered = person == incident.assignee
        at = incident.reported_at + step * BACKUP_AFTER
        reason = Reason.ASSIGNED if role == Role.SDM else Reason.ON_DUTY
        link = {"role": role, "route": chain.route, "step": step, "at": at.isoformat(), "name": person.name}
        return Page(
            escalation=chain,
            round=1,
            route=chain.route,
            step=step,
            role=role,
            recipient=f"person:{person.pk}",
            person=person,
            name=person.name,
            state=Page.State.ACKNOWLEDGED if answered else Page.State.CLOSED,
            decision={**link, "phone": str(person.direct_line or ""), "reason": reason, "timing": None},
            created_at=at,
            answered_at=incident.responded_at if answered else None,
        )

    def timeline(self, incident: Incident, past: Past) -> Iterator[TimelineEntry]:
        by, source = incident.reporter, incident.source
        name = "" if by else MONITORING
        at, over = incident.reported_at, incident.restored_at or incident.reported_at
        said = {"source": source, "priority": past.priority}
        yield entry(incident, "reported", now=at, by=by, actor_name=name, public=True, **said)
        who = incident.assignee
        if who and incident.responded_at:
            via = "voice" if past.who != SDM else "portal"
            yield entry(incident, "acknowledged", now=incident.responded_at, by=who, public=True, via=via)
            yield entry(incident, "resolved", now=over, by=who, public=True, reason="Ursache behoben")
        else:
            yield entry(incident, "resolved", now=over, actor_name=MONITORING, public=True, reason="Erholt")
        done_by = "" if who else MONITORING
        yield entry(incident, "closed", now=over + CLOSED_AFTER, by=who, actor_name=done_by, public=True)
