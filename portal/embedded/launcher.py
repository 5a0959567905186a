"""`python launcher.py SIGNAL UID:GID PROGRAM …`: become the program, as that account, told by SIGNAL when orphaned.

A file to run and not a module to import, for it has to start quickly: it imports nothing of ours. An empty UID:GID
keeps the account.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(number: str, account: str, *argv: str) -> None:
    if account:
        uid, _, gid = account.partition(":")
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    # After the change of user, which would clear it; the program keeps it.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number))
    try:
        os.execvp(argv[0], argv)  # noqa: S606  # our caller names it
    except OSError as error:
        sys.exit(f"{argv[0]} cannot be run: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
