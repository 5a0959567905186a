"""Named places at which a process can be made to die, so that tests can prove that nothing is lost there.

`KILL_POINTS` holds `name=flag file` pairs, separated by commas: whoever first reaches the place `name` and can make
the file kills itself with SIGKILL. The file stands for "has happened", so each place strikes once, in whichever
process. Where the variable is not set, which is everywhere but in those tests, a place does nothing.
"""

import os
import signal
from collections.abc import Callable, Mapping


def _planted(environment: Mapping[str, str]) -> Callable[[str], None]:
    flags = dict(pair.split("=", 1) for pair in environment.get("KILL_POINTS", "").split(",") if pair)
    if not flags:
        return _nothing

    def die_here(name: str) -> None:
        if name not in flags:
            return
        try:
            os.close(os.open(flags[name], os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)

    return die_here


def _nothing(name: str) -> None:
    pass


kill_point: Callable[[str], None] = _planted(os.environ)
"""Die here if this place was named, and nobody died at it yet."""
