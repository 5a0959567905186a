"""`make demo`: servers, migrations, the demo provider, then every process of the portal and the phones."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from portal.embedded import Child, EmbeddedError, EmbeddedServers, Supervisor, exit_on_signals, write_private

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
DEFAULT_PORT = "8000"
PYTHON = sys.executable


def main() -> int:
    exit_on_signals()
    try:
        port = chosen_port(os.environ.get("PORT") or DEFAULT_PORT)
        refuse_busy_ports(port)
        with EmbeddedServers(LOCAL) as servers:
            os.environ.update(servers.environment)
            os.environ.update(environment(port, os.environ))
            (LOCAL / "static").mkdir(exist_ok=True)  # whitenoise complains of its absence, though it is not used
            for command in ("migrate", "load_demo"):
                manage(command)
            Supervisor(children(port), servers=servers).run()
    except EmbeddedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"{' '.join(error.cmd[1:])} failed; see above why.\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def chosen_port(text: str) -> int:
    """Raises EmbeddedError unless it and the two ports after it are ports a user may open."""
    if not text.isdecimal() or not 1024 <= int(text) <= 65533:
        raise EmbeddedError(f"PORT={text}: a number from 1024 to 65533 is needed.")
    return int(text)


def refuse_busy_ports(port: int) -> None:
    """Raises EmbeddedError, before anything is started, if another program listens where we want to."""
    for wanted, what in ((port, "the portal"), (port + 1, "the phones"), (port + 2, "the phones' mailbox")):
        # The workers of a demo that was killed notice within seconds.
        deadline = time.monotonic() + 3.0
        while reason := why_busy(wanted):
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"Port {wanted}, wanted for {what}, cannot be used: {reason}. "
                    f"Choose another: make demo PORT={port + 1000}"
                )
            time.sleep(0.1)


def why_busy(port: int) -> str:
    """Empty if it can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            return error.strerror or str(error)
    return ""


def environment(port: int, given: Mapping[str, str]) -> dict[str, str]:
    """The demo's variables; those in `given` win, except for the settings module."""
    defaults = {
        "SECRET_KEY": kept_secret("secret_key"),
        "DEBUG": "false",
        "PUBLIC_URL": f"http://localhost:{port}",
        "STATIC_FROM_SOURCE": "true",
        "TWILIO_ACCOUNT_SID": f"AC{kept_secret('twilio_account')}",
        "TWILIO_AUTH_TOKEN": kept_secret("twilio_token"),
        "TWILIO_BASE_URL": f"http://127.0.0.1:{port + 1}",
        "TWILIO_FROM_NUMBER": "+496990009000",
        "EMAIL_URL": f"smtp://127.0.0.1:{port + 2}",
        "MAIL_FROM": "Direktdraht <direktdraht@nordhafen.example>",
        "LANGUAGE_CODE": "de",
        "PYTHONUNBUFFERED": "1",
    }
    chosen = {name: given.get(name) or value for name, value in defaults.items()}
    return {**chosen, "DJANGO_SETTINGS_MODULE": "demo.settings"}


def kept_secret(name: str) -> str:
    """32 hexadecimal digits, made at the first start and kept for the next."""
    file = LOCAL / name
    if not file.exists():
        write_private(file, secrets.token_hex(16))
    return file.read_text()


def manage(*arguments: str) -> None:
    subprocess.run([PYTHON, str(ROOT / "manage.py"), *arguments], check=True, cwd=ROOT)  # noqa: S603  # our own


def children(port: int) -> list[Child]:
    phones = port + 1
    public_url = os.environ["PUBLIC_URL"].rstrip("/")
    return [
        Child(
            "phones",
            [PYTHON, "-m", "demo.phones", "--port", str(phones), "--smtp-port", str(port + 2)],
            {
                "PHONES_SMS_URL": f"{public_url}/telephony/sms/",
                "PHONES_VOICE_URL": f"{public_url}/telephony/voice/",
            },
        ),
        Child("web", [*gunicorn(), "--bind", f"127.0.0.1:{port}", "portal.wsgi"]),
        Child("worker", [*celery_worker("escalation"), "--concurrency=1"]),
        Child("sender", [*celery_worker("delivery"), "--pool=threads", "--concurrency=16"]),
        # Its only job runs every second: nothing worth keeping on disk.
        Child("beat", [*celery("beat"), "--loglevel=WARNING", "--scheduler=celery.beat:Scheduler", "--pidfile="]),
        Child("watchdog", [PYTHON, str(ROOT / "manage.py"), "watchdog"]),
        Child(
            "demo",
            [
                *(PYTHON, "-m", "demo.guide"),
                *("--url", f"http://localhost:{port}"),
                *("--phones", f"http://localhost:{phones}"),
                *("--tokens", str(LOCAL / "demo_intake_tokens.json")),
            ],
            once=True,
        ),
    ]


def gunicorn() -> list[str]:
    command = [PYTHON, "-m", "gunicorn", "--worker-class=gthread", "--workers=2", "--threads=8"]
    return [*command, "--graceful-timeout=5", "--log-level=warning", "--no-control-socket"]


def celery(command: str) -> list[str]:
    # A user may run the demo as root; the warning of it is meant for installations.
    return [PYTHON, "-W", "ignore:You're running the worker", "-m", "celery", "--quiet", "-A", "portal", command]


def celery_worker(queue: str) -> list[str]:
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=WARNING"]
    return [*celery("worker"), f"--queues={queue}", f"--hostname={queue}@%h", *quiet]


if __name__ == "__main__":
    sys.exit(main())
