"""What must hold after a run, whatever was killed. Each check looks at the whole story and names what breaks it."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import quantiles

from routing.incidents.models import OPEN_STATUSES, Status
from routing.paging.models import ACTIVE, Delivery, Escalation, Page

from .audit import MOVER, Entry
from .story import Story

GRACE = timedelta(seconds=5)
"""What became due within the last seconds may still lie."""
LATEST_SECONDS = 45.0
"""No page is later than this, though servers were away and processes dead."""
STATUS_AFTER = {
    "acknowledged": Status.ACKNOWLEDGED,
    "started": Status.IN_PROGRESS,
    "waiting": Status.WAITING,
    "passed_on": Status.NEW,
    "resolved": Status.RESOLVED,
    "closed": Status.CLOSED,
    "reopened": Status.NEW,
    "no_progress": Status.NEW,
    "wait_over": Status.IN_PROGRESS,
    "answered": Status.IN_PROGRESS,
}


@dataclass(frozen=True)
class Line:
    """One line of the table; the run fails if `broken` is not empty."""

    name: str
    figure: str
    broken: list[str]


def check_all(story: Story, promised: set[int], sent: set[str]) -> list[Line]:
    """`promised`: incidents named in 2xx answers; `sent`: fingerprints of alerts that were answered."""
    return [
        kept_promises(story, promised, sent),
        answered_or_alarming(story),
        steps_taken(story),
        waits_kept(story),
        *lateness(story),
        pages_doubled(story),
        paged_after_answer(story),
        sent_after_answer(story),
        cancelled_unanswered(story),
        deliveries_stuck(story),
        messages_doubled(story),
        messages_mixed_up(story),
        timeline_tells_status(story),
        timeline_tells_pages(story),
    ]


def instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


# --- Incidents ------------------------------------------------------------------------------------------------


def kept_promises(story: Story, promised: set[int], sent: set[str]) -> Line:
    lost = [f"#{number} was answered with 2xx and is gone" for number in promised - story.incidents.keys()]
    known = {incident.dedup_key for incident in story.incidents.values()}
    lost += [f"{fingerprint} was answered with 202 and left no incident" for fingerprint in sent - known]
    chains = {escalation.incident_id for escalation in story.escalations.values()}
    lost += [f"#{number} has no chain" for number in story.incidents.keys() - chains]
    return Line("incidents whose report was answered 2xx", str(len(promised)), lost)


def answered_or_alarming(story: Story) -> Line:
    counted: Counter[str] = Counter()
    broken = []
    for escalation in story.escalations.values():
        incident = story.incidents[escalation.incident_id]
        what, wrong = _standing(story, escalation, incident.status)
        counted[what] += 1
        if wrong:
            broken.append(f"#{incident.pk} is {incident.status}, its chain {escalation.state}: {wrong}")
    return Line("incidents at the end", ", ".join(f"{count} {what}" for what, count in sorted(counted.items())), broken)


def _standing(story: Story, escalation: Escalation, status: str) -> tuple[str, str]:
    """What the table counts it as, and what is wrong with it."""
    if status not in OPEN_STATUSES:
        return "over", "" if escalation.state == Escalation.State.STOPPED else "still paging"
    if status != Status.NEW:
        return "answered", "" if escalation.state == Escalation.State.ACKNOWLEDGED else "still paging"
    if escalation.state not in ACTIVE:
        return "silent", "nobody is paged"
    if escalation.due_at is None or escalation.due_at < story.ended_at - GRACE:
        return "overdue", f"was due at {escalation.due_at}"
    if escalation.state == Escalation.State.EXHAUSTED:
        seen = ("chain_exhausted", str(escalation.incident_id)) in story.alarms
        return "alarming", "" if seen else "no alarm is open"
    return "being paged", ""


# --- Pages ----------------------------------------------------------------------------------------------------


def ticks(story: Story) -> Iterator[tuple[Entry, list[Entry]]]:
    """Each change of a running escalation that called somebody, with the pages of it."""
    for entry in story.entries:
        if entry.kind == "escalation" and entry.was("state") in ACTIVE:
            pages = [page for page in story.of_escalation(entry, "page") if page.after["route"] != Page.DIRECT_ROUTE]
            if pages:
                yield entry, pages


def steps_taken(story: Story) -> Line:
    """Between two looks at an escalation no step was left out: each was called, or passed over with a reason."""
    broken, taken = [], 0
    for entry in story.entries:
        if entry.kind != "escalation" or entry.was("state") not in ("running", "deferred") or entry.author == MOVER:
            continue
        due = _steps_between(story, entry)
        called = {
            (page.after["round"], page.after["route"], page.after["step"])
            for page in story.of_escalation(entry, "page")
        }
        passed = [each for each in story.of_escalation(entry, "timelineentry") if each.after["kind"] == "passed_over"]
        missing = due - called
        taken += len(due)
        if len(missing) > len(passed):
            broken.append(f"escalation {entry.row}: {sorted(missing)} not called at {entry.at}")
    return Line("steps of chains taken", str(taken), broken)


def _steps_between(story: Story, entry: Entry) -> set[tuple[int, str, int]]:
    before, after = entry.before, entry.after
    assert before is not None
    route, length = before["route"], len(story.chain(after["incident_id"], before["route"]))
    if before["route"] != after["route"]:
        return set()
    if before["round"] == after["round"]:
        return {(after["round"], route, step) for step in range(before["step"], min(after["step"], length))}
    begun = [each.after["kind"] for each in story.of_escalation(entry, "timelineentry")]
    if not {"round", "exhausted"} & set(begun):
        return set()  # passed on or reopened: whoever did so begins anew
    rest = {(before["round"], route, step) for step in range(before["step"], length)}
    if after["state"] == "exhausted":
        return rest
    return rest | {(after["round"], route, step) for step in range(min(after["step"], length))}


def waits_kept(story: Story) -> Line:
    """The next step is due exactly its wait after the page, and at no other time unless the timeline says why."""
    broken, kept = [], 0
    for entry in story.entries:
        if entry.kind != "escalation" or entry.before is None or entry.author == MOVER:
            continue
        if entry.after["state"] != "running" or not entry.changes("step_due_at"):
            continue
        kept += 1
        expected = _expected_due(story, entry)
        if expected is not None and instant(entry.after["step_due_at"]) != expected:
            broken.append(f"escalation {entry.row}: due {entry.after['step_due_at']} instead of {expected}")
        told = {each.after["kind"] for each in story.of_escalation(entry, "timelineentry")}
        if expected is None and not told:
            broken.append(f"escalation {entry.row}: due moved to {entry.after['step_due_at']} without a word")
    return Line("waits as the matrix says", str(kept), broken)


def _expected_due(story: Story, entry: Entry) -> datetime | None:
    """When the step after the last page of this change is due; None where the change called nobody."""
    after = entry.after
    last = [
        page.after
        for page in story.of_escalation(entry, "page")
        if (page.after["round"], page.after["route"]) == (after["round"], after["route"])
        and page.after["step"] == after["step"] - 1
    ]
    if not last or after["capped_waits"] is not None or not after["called"]:
        return None
    waits = story.chain(after["incident_id"], after["route"])
    called_at = instant(last[0]["created_at"])
    assert called_at is not None
    return called_at + timedelta(minutes=waits[last[0]["step"]])


def lateness(story: Story) -> list[Line]:
    """From the instant a page was due, as the escalation said before, to the writing of its row."""
    late = []
    for entry, pages in ticks(story):
        due = instant(entry.was("due_at"))
        assert due is not None
        late += [max(0.0, (page.at - due).total_seconds()) for page in pages]
    if len(late) < 2:
        return [Line("pages", str(len(late)), ["hardly anybody was paged"])]
    cut = quantiles(late, n=100, method="inclusive")
    broken = [f"{seconds:.1f} s" for seconds in late if seconds > LATEST_SECONDS]
    figure = f"{cut[49]:.2f} / {cut[98]:.2f} / {max(late):.2f}"
    return [Line("pages made", str(len(late)), []), Line("lateness in s, median / p99 / longest", figure, broken)]


def pages_doubled(story: Story) -> Line:
    seen = Counter(
        (story.escalations[page.escalation_id].incident_id, page.round, page.route, page.step, page.recipient)
        for page in story.pages.values()
    )
    broken = [f"{key}: {count} pages" for key, count in seen.items() if count > 1]
    return Line("pages doubled", str(len(broken)), broken)


# --- After an answer ------------------------------------------------------------------------------------------


class Replay:
    """The states of escalations, pages and incidents as they were at each entry of the history."""

    def __init__(self) -> None:
        self.escalation: dict[int, str] = {}
        self.page: dict[int, str] = {}
        self.incident: dict[int, str] = {}

    def note(self, entry: Entry) -> None:
        match entry.kind:
            case "escalation":
                self.escalation[entry.row] = entry.after["state"]
            case "page":
                self.page[entry.row] = entry.after["state"]
            case "incident":
                self.incident[entry.row] = entry.after["status"]

    def wants(self, page: Page, story: Story) -> bool:
        """Whether the page's message still has something to say."""
        if page.informs:
            return self.incident[story.escalations[page.escalation_id].incident_id] in OPEN_STATUSES
        return self.escalation[page.escalation_id] in ACTIVE and self.page[page.pk] == Page.State.OPEN


def replayed(story: Story, broken: Callable[[Replay, Entry], str]) -> list[str]:
    """What `broken` says of every entry, asked before the entry takes effect."""
    replay, found = Replay(), []
    for entry in story.entries:
        if text := broken(replay, entry):
            found.append(text)
        replay.note(entry)
    return found


def paged_after_answer(story: Story) -> Line:
    def broken(replay: Replay, entry: Entry) -> str:
        if entry.kind != "page" or entry.before is not None or entry.after["route"] == Page.DIRECT_ROUTE:
            return ""
        state = replay.escalation[entry.after["escalation_id"]]
        return "" if state in ACTIVE else f"page {entry.row} made while its chain was {state}"

    found = replayed(story, broken)
    return Line("pages made after an answer", str(len(found)), found)


def sent_after_answer(story: Story) -> Line:
    def broken(replay: Replay, entry: Entry) -> str:
        if not _enters_sending(story, entry) or entry.after["kind"] != Delivery.Kind.PAGE:
            return ""
        pages = [story.pages[each] for each in story.pages_of[entry.row]]
        wanted = any(replay.wants(page, story) for page in pages)
        return "" if wanted else f"delivery {entry.row} entered sending at {entry.at} though nobody wanted it"

    found = replayed(story, broken)
    return Line("messages begun after an answer", str(len(found)), found)


def _enters_sending(story: Story, entry: Entry) -> bool:
    if entry.kind != "delivery" or entry.after["state"] != "sending" or entry.was("state") == "sending":
        return False
    last = [each for each in story.together(entry, "delivery") if each.row == entry.row][-1]
    return bool(last.after["state"] == "sending")


def _taken_over(story: Story, cancelled: Entry) -> set[int]:
    """The pages that another message to the same address tells from this very transaction on."""
    others = [
        each
        for each in story.together(cancelled, "delivery")
        if each.row != cancelled.row
        and all(each.after[name] == cancelled.after[name] for name in ("channel", "to"))
        and each.after["state"] in {"queued", "sending"}
    ]
    return {page for each in others for page in story.pages_of[each.row]}


def cancelled_unanswered(story: Story) -> Line:
    def broken(replay: Replay, entry: Entry) -> str:
        if entry.kind != "delivery" or entry.after["state"] != "cancelled" or entry.was("state") == "cancelled":
            return ""
        if entry.after["kind"] != Delivery.Kind.PAGE:
            return ""
        pages = [story.pages[each] for each in story.pages_of[entry.row] if each not in _taken_over(story, entry)]
        wanted = any(replay.wants(page, story) for page in pages if not page.informs)
        # Where the answer is given in this very transaction, the page is closed after its deliveries.
        answered = any(not each.after["due_at"] for each in story.together(entry, "escalation"))
        return f"delivery {entry.row} cancelled at {entry.at} though wanted" if wanted and not answered else ""

    found = replayed(story, broken)
    return Line("messages cancelled without an answer", str(len(found)), found)


# --- Messages -------------------------------------------------------------------------------------------------


def deliveries_stuck(story: Story) -> Line:
    before = story.ended_at - GRACE
    broken = []
    for each in story.deliveries.values():
        waiting = each.state == "queued" and each.next_attempt_at is not None and each.next_attempt_at < before
        leased = each.state in ("sending", "unknown") and each.leased_until is not None and each.leased_until < before
        if waiting or leased:
            broken.append(f"delivery {each.pk} is {each.state} since {each.next_attempt_at or each.leased_until}")
    states = Counter(each.state for each in story.deliveries.values())
    return Line("messages", ", ".join(f"{count} {state}" for state, count in sorted(states.items())), broken)


def messages_doubled(story: Story) -> Line:
    """The provider has no message twice, except where our side could not know whether it had it."""
    doubts = {
        entry.row: entry.after["error"] or "sender died"
        for entry in story.entries
        if entry.kind == "delivery" and entry.after["state"] == "unknown"
    }
    broken, doubled = [], Counter[str]()
    for each in story.deliveries.values():
        count = len(story.records.get(str(each.public_id), []))
        if count > 1:
            doubled[doubts.get(each.pk, "no doubt")] += count - 1
        if count > 1 and each.pk not in doubts:
            broken.append(f"delivery {each.pk} ({each.channel}) was sent {count} times without doubt")
        if count > each.attempts:
            broken.append(f"delivery {each.pk} ({each.channel}) was sent {count} times in {each.attempts} attempts")
    total = len(story.calls) + len(story.texts)
    why = ", ".join(f"{count} {reason}" for reason, count in sorted(doubled.items())) or "none"
    return Line("calls and texts at the provider; doubled after a doubt", f"{total}; {why}", broken)


def messages_mixed_up(story: Story) -> Line:
    """A message that counts as handed over is there, and is the one of this delivery."""
    broken = []
    for each in story.deliveries.values():
        records = story.records.get(str(each.public_id), [])
        if each.provider_id and each.provider_id not in records:
            broken.append(f"delivery {each.pk} ({each.channel}, {each.state}) holds {each.provider_id} of another")
        if each.channel != "email" and each.state in ("accepted", "delivered") and not records:
            broken.append(f"delivery {each.pk} ({each.channel}) is {each.state} and never reached the provider")
    return Line("messages taken for another's", str(len(broken)), broken)


# --- The timeline ---------------------------------------------------------------------------------------------


def timeline_tells_status(story: Story) -> Line:
    broken = []
    for number, incident in story.incidents.items():
        status: str = Status.NEW
        for entry in story.timeline[number]:
            if entry.kind == "assigned":
                status = Status.ACKNOWLEDGED if status == Status.NEW else status
            status = STATUS_AFTER.get(entry.kind, status)
        if status != incident.status:
            broken.append(f"#{number} is {incident.status}, by its timeline {status}")
    count = sum(len(entries) for entries in story.timeline.values())
    return Line("entries in timelines", str(count), broken)


def timeline_tells_pages(story: Story) -> Line:
    broken = []
    for entry in story.entries:
        if entry.kind == "page" and entry.before is None and entry.after["route"] != Page.DIRECT_ROUTE:
            told = [each.after["data"] for each in story.together(entry, "timelineentry")]
            if not any(entry.after["name"] in (*data.get("names", ()), data.get("name")) for data in told):
                broken.append(f"page {entry.row} of {entry.after['name']} is not told")
    for call in story.calls:
        broken += _said_untrue(story, call)
    return Line("pages and answers the timeline is silent of", str(len(broken)), broken)


def _said_untrue(story: Story, call: dict[str, object]) -> Iterator[str]:
    """“Acknowledged” is said only where it is true for good."""
    spoken = call["spoken"]
    assert isinstance(spoken, list)
    for text in spoken:
        words = str(text).split()
        if str(text).endswith("is acknowledged.") and words[0] == "Incident":
            kinds = {entry.kind for entry in story.timeline[int(words[1])]}
            if "acknowledged" not in kinds:
                yield f"call {call['sid']} said: {text}"
