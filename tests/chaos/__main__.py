"""`python -m tests.chaos`: the portal under a load of incidents while its parts are killed; then everything is checked.

Prints a table, and ends with code 1 where something that must hold did not. The same seed draws the same deeds; how
they fall together is up to the machine.
"""

import argparse
import os
import secrets
import shutil
import sys
from contextlib import ExitStack

from portal.embedded import exit_on_signals
from tests import processes

from .place import Servers

LOCAL = processes.ROOT / ".local"


def main() -> int:
    options = parsed()
    exit_on_signals()
    directory = LOCAL / f"chaos-{os.getpid()}"
    servers = Servers(directory)
    with ExitStack() as stack:
        stack.callback(servers.remove)
        stack.callback(servers.stop)
        servers.start()
        os.environ |= {
            "DATABASE_URL": servers.postgres.url,
            "REDIS_URL": servers.valkey.url,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        }
        # Whatever reads the settings comes after them.
        import django

        django.setup()
        from .run import run

        held = run(options, servers, directory)
        if not held and options.keep:
            kept = LOCAL / "chaos-kept"
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(directory, kept, ignore=shutil.ignore_patterns("postgres", "run"))
    return 0 if held else 1


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--incidents", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=240.0, help="how long they are reported")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two kills")
    parser.add_argument("--projects", type=int, default=8)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--keep", action="store_true", help="keep the logs of a run that failed in .local/chaos-kept")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
