"""What the process is told at its start, all of it through the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

DIRECTORY = Path(__file__).resolve().parent.parent / "nordhafen.yaml"


@dataclass(frozen=True)
class Config:
    """`speech_seconds` is the time one spoken character takes; `time_scale` stretches every other wait."""

    account_sid: str
    auth_token: str
    host: str
    port: int
    smtp_port: int
    directory: Path
    speech_seconds: float
    time_scale: float
    sms_url: str
    voice_url: str
    voice_status_url: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Raises KeyError where the account's SID or token is missing."""
        port = int(environment.get("PORT") or 8001)
        return cls(
            account_sid=environment["TWILIO_ACCOUNT_SID"],
            auth_token=environment["TWILIO_AUTH_TOKEN"],
            host=environment.get("PHONES_HOST") or "127.0.0.1",
            port=port,
            smtp_port=int(environment.get("PHONES_SMTP_PORT") or port + 1),
            directory=Path(environment.get("PHONES_DIRECTORY") or DIRECTORY),
            speech_seconds=float(environment.get("PHONES_SPEECH_SECONDS") or 0.06),
            time_scale=float(environment.get("PHONES_TIME_SCALE") or 1),
            sms_url=environment.get("PHONES_SMS_URL", ""),
            voice_url=environment.get("PHONES_VOICE_URL", ""),
            voice_status_url=environment.get("PHONES_VOICE_STATUS_URL", ""),
        )
