from collections.abc import Iterator

import pytest

from tests.soak.machine import ReleaseMachine


@pytest.fixture
def machine() -> Iterator[ReleaseMachine]:
    """Callers, an AWS and a time that passes on demand (tests/soak/stage.py)."""
    machine = ReleaseMachine()
    machine.begin()
    yield machine
    for actor in machine.stage.living:
        actor.kill()
