"""A rota whose people swap, at a fixed instant."""

from collections.abc import Callable
from datetime import datetime

import pytest

from tests.oncall.duty import NOW, Crew, make_crew
from tests.people import World


@pytest.fixture
def crew(world: World, frozen: Callable[[datetime], None]) -> Crew:
    """The crew on the Tuesday before a handover, where the portal's clock stands still."""
    frozen(NOW)
    return make_crew(world)
