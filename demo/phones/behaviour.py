"""How a number behaves: what was set for it, for good or for its next few requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Channel = Literal["voice", "sms"]

VOICE_MODES = ("ring", "answer", "busy", "no_answer", "voicemail")
# These strike the request or the delivery itself, on either channel.
COMMON_MODES = ("undeliverable", "invalid", "http_429", "http_500", "timeout_after_acceptance", "slow")
MODES = VOICE_MODES + COMMON_MODES

# Seconds that "slow" and "timeout_after_acceptance" hold a request, and what 429 asks to wait.
DEFAULT_SECONDS = {"slow": 2.0, "timeout_after_acceptance": 30.0, "http_429": 1.0}


@dataclass
class Rule:
    mode: str = "ring"
    keys: str = ""
    seconds: float = 0
    times: int | None = None  # requests left; None: until changed


class Behaviours:
    """Rules per number and channel. Not locked: its owner does that."""

    def __init__(self) -> None:
        self._standing: dict[tuple[str, Channel], Rule] = {}
        self._limited: dict[tuple[str, Channel], Rule] = {}

    def set(self, number: str, rule: Rule, channel: Channel | None) -> None:
        """A limited rule goes before the standing one until used up; a standing one replaces both."""
        channels: tuple[Channel, ...] = (channel,) if channel else ("voice", "sms")
        if rule.mode in VOICE_MODES and rule.mode != "ring":
            channels = ("voice",)
        for each in channels:
            if rule.times is None:
                self._standing[number, each] = rule
                self._limited.pop((number, each), None)
            else:
                self._limited[number, each] = rule

    def peek(self, number: str, channel: Channel = "voice") -> Rule:
        limited = self._limited.get((number, channel))
        if limited and limited.times:
            return limited
        return self._standing.get((number, channel), Rule())

    def take(self, number: str, channel: Channel) -> Rule:
        """The rule for one request, which uses it up once."""
        rule = self.peek(number, channel)
        if rule.times:
            rule.times -= 1
        return rule
