"""These tests talk to a process of their own and need neither database nor Redis."""

import pytest


@pytest.fixture(autouse=True)
def _empty_redis() -> None:
    """Nothing to empty."""
