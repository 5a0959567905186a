"""Greets whoever started the demo, once the web server answers. `python -m demo.guide --url U --phones P`."""

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from demo.personas import personas

PATIENCE_SECONDS = 120.0

ALERT = {
    "version": "4",
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "SitesDown", "severity": "page", "instance": "cms"},
            "annotations": {"summary": "All web sites are down"},
            "startsAt": "2026-01-01T00:00:00Z",
        }
    ],
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="where the portal answers")
    parser.add_argument("--phones", required=True, help="where the simulated phones answer")
    parser.add_argument("--tokens", required=True, type=Path, help="JSON file of intake tokens by project")
    options = parser.parse_args()
    if not answers(f"{options.url}/healthz"):
        print(f"The portal does not answer at {options.url}; see above why.")  # noqa: T201
        return 0
    print(greeting(options.url, options.phones, intake_token(options.tokens)))  # noqa: T201
    return 0


def answers(url: str) -> bool:
    """Whether `url` is answered with success within PATIENCE_SECONDS."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310  # our own address
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return False


def intake_token(file: Path) -> str:
    """The demo's token for monitoring of `cms`."""
    try:
        return str(json.loads(file.read_text())["cms"])
    except (OSError, ValueError, KeyError):
        return "TOKEN"


def greeting(url: str, phones: str, token: str) -> str:
    people = "\n".join(f"    {who.email:28} {who.name}, {who.role}" for who in personas())
    return f"""
Direktdraht   {url}
Phones        {phones}   every phone and mailbox of the demo; keep it open beside the portal

Who you can be (buttons on the login page, no password):
{people}

Three things to try:

 1. Log in as kunde@alsterkontor.example and ask whom to call now.

 2. Be the monitoring of cms and report that all its sites are down:

      curl -X POST {url}/intake/{token}/alertmanager/ \\
        -H 'Content-Type: application/json' \\
        -d '{json.dumps(ALERT)}'

    The primary's phone rings. Leave it; after one minute the backup's rings too. Answer one and press 1.

 3. Send it again (first resolve the incident), but be oncall@nordhafen.example or the desk
    and acknowledge in the portal: the phones fall silent.

Ctrl-C stops everything; the data stays in .local/ for the next time.
"""


if __name__ == "__main__":
    sys.exit(main())
