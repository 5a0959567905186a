"""How a story of the past is told: by the portal's own services, at instants that lie behind.

So who was called, when and why is what the portal would have done then. Only the messages are not sent: their
deliveries are written down as finished.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F, Min, QuerySet

from matrix.terms import Channel, Role
from portal.hours import Hours, is_open, local_instant, next_opening
from portal.models import Person, Project, SupportHours
from portal.queries import hours_facts
from routing.incidents.services import acknowledge, add_note
from routing.models import Delivery, Escalation, Incident, Page
from routing.paging.escalating import advance_due
from routing.paging.services import answer_page

NOON = time(12)
DELIVERED_WITHIN = timedelta(seconds=4)
RINGS_FOR = timedelta(seconds=40)
NO_ANSWER = "no-answer"


@dataclass(frozen=True)
class Calendar:
    """Days and instants as a story names them, seen from the local day of `now`."""

    now: datetime
    hours: Hours

    @classmethod
    def of(cls, office: SupportHours, now: datetime) -> "Calendar":
        return cls(now, hours_facts([office], at=now, known_at=now)[office.pk])

    @property
    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.hours.zone)).date()

    def at(self, day: date, clock: str) -> datetime:
        return local_instant(self.hours.zone, day, time.fromisoformat(clock))

    def days_ago(self, count: int) -> date:
        return self.today - timedelta(days=count)

    def working_days_ago(self, count: int) -> date:
        """The day before today by which that many days on which the office opens have passed."""
        day = self.today
        while count:
            day -= timedelta(days=1)
            count -= is_open(self.hours, local_instant(self.hours.zone, day, NOON))
        return day

    def working_days_after(self, day: date, count: int) -> date:
        """The day by which that many days on which the office opens have passed since `day`."""
        while count:
            day += timedelta(days=1)
            count -= is_open(self.hours, local_instant(self.hours.zone, day, NOON))
        return day

    def last_sunday(self) -> date:
        return self.today - timedelta(days=self.today.weekday() + 1)

    def opening_after(self, at: datetime) -> datetime:
        """The next opening after the day of `at`. Raises ValueError where the office never opens."""
        next_day = at.astimezone(ZoneInfo(self.hours.zone)).date() + timedelta(days=1)
        opening = next_opening(self.hours, local_instant(self.hours.zone, next_day, time(0)))
        if opening is None:
            raise ValueError("the office never opens")
        return opening


def project(key: str) -> Project:
    return Project.objects.select_related("customer").get(key=key)


def person(email: str) -> Person:
    return Person.objects.get_by_natural_key(email)


def play_until(at: datetime) -> None:
    """Let every chain that runs go on until `at`."""
    settle()
    while due := Escalation.objects.filter(due_at__lte=at).aggregate(next=Min("due_at"))["next"]:
        advance_due(now=due)
        settle()


def settle() -> None:
    """What is queued has arrived; nobody answered the calls."""
    queued = Delivery.objects.filter(state=Delivery.State.QUEUED)
    common = {"attempts": 1, "next_attempt_at": None, "sent_at": F("created_at")}
    queued.filter(channel=Channel.VOICE).update(
        state=Delivery.State.FAILED, error=NO_ANSWER, finished_at=F("created_at") + RINGS_FOR, **common
    )
    queued.update(state=Delivery.State.DELIVERED, finished_at=F("created_at") + DELIVERED_WITHIN, **common)


def page_of(incident: Incident, role: Role) -> Page:
    """The page that called `role` last."""
    return Page.objects.filter(escalation__incident=incident, role=role).latest("pk")


def answer(page: Page, *, by: Person | None = None, at: datetime) -> Person:
    """Somebody presses 1 on the phone: the person paged, or `by` for a team; who it was."""
    who = by or page.person
    if who is None:
        raise ValueError("a team's phone is answered by somebody")
    answer_page(page, person=who, now=at, via="voice")
    _calls(page).update(state=Delivery.State.DELIVERED, error="", finished_at=at)
    settle()
    return who


def take(incident: Incident, *, by: Person, at: datetime) -> None:
    """Somebody clicks in the portal."""
    acknowledge(incident, by=by, now=at)
    settle()


def say(incident: Incident, text: str, *, by: Person, at: datetime, public: bool = True) -> None:
    add_note(incident, by=by, now=at, text=text, public=public)


def _calls(page: Page) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pages=page, channel=Channel.VOICE, kind=Delivery.Kind.PAGE)
