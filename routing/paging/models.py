"""Escalations, pages and deliveries: the database is the truth, Celery only does the work."""

import secrets
import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from matrix import labels
from matrix.terms import Channel
from portal.models import Audited, AuditedQuerySet, Person, Team
from routing.incidents.models import OPEN_STATUSES, Incident


class ContactMethodQuerySet(AuditedQuerySet["ContactMethod"]):
    def usable(self) -> Self:
        """Verified and not disabled."""
        return self.filter(verified_at__isnull=False, disabled_at=None)


class ContactMethod(Audited):
    """An address by which a person may be paged; usable once verified and until disabled."""

    audit_kind = "people"
    audit_about = "person"
    audit_private = ("address",)

    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="contact_methods", verbose_name=_("person")
    )
    channel = models.CharField(
        _("channel"),
        max_length=5,
        choices=[(c.value, labels.CHANNEL[c]) for c in (Channel.VOICE, Channel.SMS, Channel.EMAIL)],
    )
    address = models.CharField(_("address"), max_length=254, help_text=_("E.164 number or e-mail address; private"))
    verified_at = models.DateTimeField(_("verified at"), null=True, blank=True)
    disabled_at = models.DateTimeField(_("disabled at"), null=True, blank=True)

    objects = ContactMethodQuerySet.as_manager()  # type: ignore[misc]  # instead of the mixin's

    class Meta:
        verbose_name = _("contact method")
        verbose_name_plural = _("contact methods")
        ordering = ["person", "channel"]
        constraints = [
            models.UniqueConstraint(fields=["person", "channel", "address"], name="contact_method_once"),
        ]
        indexes = [models.Index(fields=["address"], name="contact_method_address")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.channel}"


class NotificationRule(Audited):
    """How a person wants to be paged: by `channel`, `after_minutes` after the page, within the step's channels."""

    audit_kind = "people"
    audit_about = "person"

    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="notification_rules", verbose_name=_("person")
    )
    channel = models.CharField(
        _("channel"),
        max_length=5,
        choices=[(c.value, labels.CHANNEL[c]) for c in (Channel.VOICE, Channel.SMS, Channel.EMAIL)],
    )
    after_minutes = models.PositiveSmallIntegerField(_("after (minutes)"), default=0)

    class Meta:
        verbose_name = _("notification rule")
        verbose_name_plural = _("notification rules")
        ordering = ["person", "after_minutes", "channel"]
        constraints = [
            models.UniqueConstraint(fields=["person", "channel", "after_minutes"], name="notification_rule_once"),
            models.CheckConstraint(condition=Q(after_minutes__lte=60), name="notification_rule_within_an_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.channel} +{self.after_minutes}"


class Escalation(models.Model):
    """The chain of one incident: where it stands and when it goes on.

    `due_at` is polled: the next step (`step_due_at`) or an opening or closing before it. Times are UTC instants.
    """

    class State(models.TextChoices):
        DEFERRED = "deferred", _("deferred")
        RUNNING = "running", _("running")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        EXHAUSTED = "exhausted", _("exhausted")
        STOPPED = "stopped", _("stopped")

    incident = models.OneToOneField(
        Incident, on_delete=models.CASCADE, related_name="escalation", verbose_name=_("incident")
    )
    state = models.CharField(_("state"), max_length=12, choices=State)
    route = models.CharField(_("route"), max_length=14, choices=labels.choices(labels.ROUTE))
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    step = models.PositiveSmallIntegerField(_("step"), default=0, help_text=_("the next step, counted from 0"))
    step_due_at = models.DateTimeField(_("step due at"), null=True)
    due_at = models.DateTimeField(_("due at"), null=True)
    called = models.BooleanField(
        _("somebody called"), default=False, help_text=_("somebody who could answer was called in this round")
    )
    joined = models.BooleanField(
        _("business hours joined"), default=False, help_text=_("business hours were called beside the on-call chain")
    )
    capped_waits = ArrayField(models.PositiveSmallIntegerField(), null=True, verbose_name=_("shortened waits"))
    on_call = models.JSONField(
        _("duty called"), default=list, help_text=_("steps of the duty done in this round, and whom they called")
    )
    rounds_left = models.PositiveSmallIntegerField(
        _("rounds left"), default=2, help_text=_("how often the chain starts again")
    )
    started_at = models.DateTimeField(_("started at"))

    class Meta:
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")
        constraints = [
            models.CheckConstraint(
                name="escalation_due_while_active",
                condition=Q(state__in=["deferred", "running", "exhausted"], due_at__isnull=False)
                | Q(state__in=["acknowledged", "stopped"], due_at=None),
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="escalation_due")]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.state}"


ACTIVE = (Escalation.State.DEFERRED, Escalation.State.RUNNING, Escalation.State.EXHAUSTED)


def new_link_token() -> str:
    """An unguessable token for the link in a message (96 bits)."""
    return secrets.token_urlsafe(12)


class PageQuerySet(models.QuerySet["Page"]):
    def called_in(self) -> Self:
        """Those by which somebody was called in, beside the chain."""
        return self.filter(route=Page.CALL_IN_ROUTE)

    def of_chain(self) -> Self:
        """Those by which an incident is taken."""
        return self.exclude(route=Page.CALL_IN_ROUTE)

    def wanted(self) -> Self:
        """Those of which there is still something to say: an answer is expected, or the incident is still open."""
        asks = Q(informs=False, state=Page.State.OPEN, escalation__state__in=ACTIVE)
        tells = Q(informs=True, escalation__state__in=ACTIVE)
        told_directly = Q(route=Page.DIRECT_ROUTE, escalation__incident__status__in=OPEN_STATUSES)
        return self.filter(~Q(route=Page.CALL_IN_ROUTE) & (asks | tells | told_directly) | AWAITED)

    def awaited(self) -> Self:
        """Those called in who have not answered, while the incident is open: whoever has it, help is wanted."""
        return self.filter(AWAITED)


AWAITED = Q(route="call_in", state="open", escalation__incident__status__in=OPEN_STATUSES)


class Page(models.Model):
    """One person or team called at one step of one round, with the decision that named them."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        PASSED_ON = "passed_on", _("passed on")
        INFORMED = "informed", _("informed")
        CLOSED = "closed", _("closed")

    ALARM_ROUTE = "alarm"
    """Pages of the alarm that follows an exhausted chain stand on a route of their own."""
    DIRECT_ROUTE = "direct"
    """Somebody was told outside of the chain: an incident was assigned to them."""
    CALL_IN_ROUTE = "call_in"
    """Whoever has the incident calls somebody in: their answer is for that person, and takes nothing from them."""

    escalation = models.ForeignKey(
        Escalation, on_delete=models.CASCADE, related_name="pages", verbose_name=_("escalation")
    )
    round = models.PositiveSmallIntegerField(_("round"))
    route = models.CharField(
        _("route"),
        max_length=14,
        choices=[
            *labels.choices(labels.ROUTE),
            (ALARM_ROUTE, _("alarm")),
            (DIRECT_ROUTE, _("told directly")),
            (CALL_IN_ROUTE, _("called in")),
        ],
    )
    step = models.SmallIntegerField(_("step"))
    role = models.CharField(_("role"), max_length=20, choices=labels.choices(labels.ROLE))
    recipient = models.CharField(_("recipient"), max_length=40, help_text=_("person:ID, team:ID or last_resort"))
    person = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="pages", verbose_name=_("person")
    )
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="pages", verbose_name=_("team"))
    name = models.CharField(_("name"), max_length=120)
    informs = models.BooleanField(_("only informs"), default=False)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.OPEN)
    code = models.PositiveSmallIntegerField(
        _("code"),
        db_default=Func(Value("page_code"), function="nextval"),
        editable=False,
        help_text=_("what a reply by SMS names; short, and unique among the recipient's open pages"),
    )
    token = models.CharField(_("token"), max_length=24, unique=True, default=new_link_token, editable=False)
    decision = models.JSONField(_("decision"), help_text=_("the link that named the recipient, with its reason"))
    created_at = models.DateTimeField(_("created at"))
    answered_at = models.DateTimeField(_("answered at"), null=True)

    objects = PageQuerySet.as_manager()

    class Meta:
        verbose_name = _("page")
        verbose_name_plural = _("pages")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["escalation", "round", "route", "step", "recipient"], name="page_once_per_round"
            ),
            models.UniqueConstraint(
                fields=["recipient", "code"], condition=Q(state="open"), name="page_code_among_open"
            ),
            models.UniqueConstraint(
                fields=["escalation", "recipient"],
                condition=Q(route="call_in", state="open"),
                name="page_called_in_once",
            ),
            models.CheckConstraint(
                name="page_one_recipient",
                condition=Q(person__isnull=True) | Q(team__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.escalation_id}.{self.round}.{self.step} {self.recipient}"

    @property
    def callee_name(self) -> str:
        """Whom it calls, by name. For the provider's own people."""
        callee = self.person or self.team
        return callee.name if callee else ""

    @property
    def calls_in(self) -> bool:
        """Whether it calls somebody in, beside the chain."""
        return self.route == self.CALL_IN_ROUTE


class Delivery(models.Model):
    """One message to one recipient over one channel, for one or more pages.

    The row exists before the provider is called; its `public_id` travels in every callback URL. `state` only moves
    forward: queued, sending (leased), accepted (the provider has it), then delivered, failed or unknown; cancelled
    where an acknowledgement came first. A verification code or a test has a `method` instead of pages, what customers
    are told of their incident has a `notice`.
    """

    class Kind(models.TextChoices):
        PAGE = "page", _("page")
        STAND_DOWN = "stand_down", _("stand-down")
        REMINDER = "reminder", _("reminder")
        CODE = "code", _("verification code")
        TEST = "test", _("test")
        NOTICE = "notice", _("notice")
        LETTER = "letter", _("letter")

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("sending")
        ACCEPTED = "accepted", _("accepted")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed")
        UNKNOWN = "unknown", _("unknown")
        CANCELLED = "cancelled", _("cancelled")

    public_id = models.UUIDField(_("public ID"), unique=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.PAGE)
    pages = models.ManyToManyField(Page, related_name="deliveries", verbose_name=_("pages"))
    method = models.ForeignKey(
        ContactMethod, null=True, on_delete=models.SET_NULL, related_name="deliveries", verbose_name=_("contact method")
    )
    channel = models.CharField(_("channel"), max_length=5, choices=labels.choices(labels.CHANNEL))
    to = models.CharField(
        _("recipient's address"), max_length=254, help_text=_("E.164 number or e-mail address; private")
    )
    language = models.CharField(_("language"), max_length=5)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True)
    leased_until = models.DateTimeField(_("leased until"), null=True)
    hang_up_at = models.DateTimeField(
        _("hang up at"), null=True, help_text=_("a call that rings for nothing is to be ended")
    )
    provider_id = models.CharField(_("provider's ID"), max_length=64, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    gave_up = models.BooleanField(
        _("gave up"), default=False, help_text=_("failed for good, not just busy or unanswered")
    )
    created_at = models.DateTimeField(_("created at"))
    sent_at = models.DateTimeField(_("sent at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    settle_at = models.DateTimeField(
        _("settle at"), null=True, help_text=_("when the provider is asked, should its report be lost")
    )

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider_id"], condition=~Q(provider_id=""), name="delivery_provider_id_once"
            ),
            models.CheckConstraint(
                name="delivery_queued_has_attempt", condition=~Q(state="queued") | Q(next_attempt_at__isnull=False)
            ),
            models.CheckConstraint(
                name="delivery_sending_has_lease", condition=~Q(state="sending") | Q(leased_until__isnull=False)
            ),
        ]
        indexes = [
            # However much post waits for a mail server, finding what pages people takes no longer.
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state="queued") & ~Q(kind__in=["notice", "letter"]),
                name="delivery_queued",
            ),
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state="queued", kind__in=["notice", "letter"]),
                name="delivery_post_queued",
            ),
            models.Index(
                fields=["leased_until"], condition=Q(state__in=["sending", "unknown"]), name="delivery_leased"
            ),
            models.Index(fields=["hang_up_at"], condition=Q(hang_up_at__isnull=False), name="delivery_hang_up"),
            models.Index(
                fields=["settle_at"], condition=Q(state="accepted", settle_at__isnull=False), name="delivery_settle"
            ),
            models.Index(fields=["to", "channel"], condition=Q(state="queued"), name="delivery_waiting_for"),
            models.Index(fields=["to", "channel", "sent_at"], name="delivery_sent_to"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"


POST = (Delivery.Kind.NOTICE, Delivery.Kind.LETTER)
"""What nobody is paged by: it goes out beside what pages people, and takes nothing from it."""


class MailText(models.Model):
    """What a letter says, in its reader's language; `calendar` is an iTIP message (RFC 5546) beside it."""

    delivery = models.OneToOneField(
        Delivery, on_delete=models.CASCADE, related_name="mail_text", verbose_name=_("delivery")
    )
    name = models.CharField(_("recipient"), max_length=120)
    subject = models.CharField(_("subject"), max_length=400)
    body = models.TextField(_("text"))
    calendar = models.TextField(_("calendar"), blank=True)

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")

    def __str__(self) -> str:
        return self.subject


class VerificationCode(models.Model):
    """A code on its way to a contact method. The code itself is derived from the delivery and stored nowhere."""

    method = models.ForeignKey(
        ContactMethod, on_delete=models.CASCADE, related_name="codes", verbose_name=_("contact method")
    )
    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, related_name="+", verbose_name=_("delivery"))
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"))

    class Meta:
        verbose_name = _("verification code")
        verbose_name_plural = _("verification codes")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.method_id}"


class Alarm(models.Model):
    """Something people of the provider must see until it is over: at most one open per kind and key."""

    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(_("key"), max_length=120)
    data = models.JSONField(_("data"), default=dict)
    raised_at = models.DateTimeField(_("raised at"))
    cleared_at = models.DateTimeField(_("cleared at"), null=True)

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        ordering = ["-raised_at"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], condition=Q(cleared_at=None), name="alarm_open_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Pulse(models.Model):
    """The last time a recurring job was done whole; the watchdog steps in when the tick's grows old."""

    name = models.CharField(_("name"), max_length=40, primary_key=True)
    at = models.DateTimeField(_("instant"), db_default=Now())

    class Meta:
        verbose_name = _("pulse")
        verbose_name_plural = _("pulses")

    def __str__(self) -> str:
        return self.name


class PeriodicJob(models.Model):
    """A job that runs once per period: whoever writes its row does it."""

    job = models.CharField(_("job"), max_length=40)
    period = models.CharField(_("period"), max_length=20)
    claimed_at = models.DateTimeField(_("claimed at"))

    class Meta:
        verbose_name = _("periodic job")
        verbose_name_plural = _("periodic jobs")
        constraints = [models.UniqueConstraint(fields=["job", "period"], name="periodic_job_once")]

    def __str__(self) -> str:
        return f"{self.job} {self.period}"
