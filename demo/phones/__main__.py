"""Start the simulated phones: `python -m demo.phones --port 8001`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication

# Long polls, open pages and requests that are held on purpose each occupy one.
THREADS = 128


class Application(BaseApplication):  # type: ignore[misc] # gunicorn has no types
    """gunicorn with one worker, for the state lives in its memory."""

    def __init__(self, bind: str) -> None:
        self._bind = bind
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": self._bind,
            "workers": 1,
            "worker_class": "gthread",
            "threads": THREADS,
            "graceful_timeout": 1,
            "timeout": 0,
            "loglevel": "warning",
            "control_socket_disable": True,
            "post_worker_init": _begin,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        from django.core.wsgi import get_wsgi_application

        return get_wsgi_application()


def _begin(_worker: object) -> None:
    from demo.phones.mailbox import open_mailbox
    from demo.phones.switchboard import switchboard

    open_mailbox(switchboard())
    # There is nothing to save, and calls under way or open pages must not keep the process alive.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda *_: os._exit(0))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.phones", description="Simulated telephone provider")
    parser.add_argument("--host", default=os.environ.get("PHONES_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or "8001"))
    parser.add_argument("--smtp-port", type=int, default=int(os.environ.get("PHONES_SMTP_PORT", "0")))
    options = parser.parse_args()
    missing = [name for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN") if not os.environ.get(name)]
    if missing:
        parser.error(f"set {' and '.join(missing)} in the environment")
    os.environ.update(
        DJANGO_SETTINGS_MODULE="demo.phones.settings",
        PHONES_HOST=options.host,
        PORT=str(options.port),
        PHONES_SMTP_PORT=str(options.smtp_port or options.port + 1),
    )
    sys.argv = sys.argv[:1]
    Application(f"{options.host}:{options.port}").run()


if __name__ == "__main__":
    main()
