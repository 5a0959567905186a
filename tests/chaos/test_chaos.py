"""A short run of `make chaos`: forty incidents, a kill each second, every server struck down once."""

import subprocess
import sys

import pytest

from tests.processes import ROOT

pytestmark = pytest.mark.processes

SEED = 20261123
"""Any; a fixed one, so that a failure here is the same run for everybody."""


def test_nothing_is_lost_while_everything_dies() -> None:
    """In a process of its own: it restarts its PostgreSQL, which the other tests' must not suffer."""
    command = [sys.executable, "-m", "tests.chaos", "--incidents=40", "--seconds=12", "--projects=3", f"--seed={SEED}"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
