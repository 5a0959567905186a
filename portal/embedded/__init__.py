"""Real PostgreSQL and Valkey out of wheels, and a supervisor: a running house without root or Docker.

Used by `make demo`, by the tests and by `python -m portal.embedded -- COMMAND`. The product itself never
imports this package: its settings read the environment alone.
"""

from portal.embedded.child import Child
from portal.embedded.place import EmbeddedError, write_private
from portal.embedded.servers import EmbeddedServers
from portal.embedded.supervisor import Supervisor, exit_on_signals
from portal.embedded.valkey import Valkey

__all__ = [
    "Child",
    "EmbeddedError",
    "EmbeddedServers",
    "Supervisor",
    "Valkey",
    "exit_on_signals",
    "write_private",
]
