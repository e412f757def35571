import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from builder.worker.standstill import Standstill

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="it needs /proc")  # noqa: PTH110

WAITING = "print(1, flush=True); import time; time.sleep(3600)"


def told(pid: int, seconds: int) -> bool:
    """Whether a program that is looked at each second is said to stand still."""
    now = iter(range(seconds + 1))
    stands = Standstill(pid, 10.0, clock=lambda: float(next(now)))
    return any(stands() for _ in range(seconds))


@pytest.fixture(name="waiting")
def waiting_fixture() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


def test_what_waits_for_ever_stands_still(waiting: int) -> None:
    assert told(waiting, 40)


def test_it_is_not_said_before_the_limit(waiting: int) -> None:
    assert not told(waiting, 9)


def test_what_is_not_there_does_not_stand_still() -> None:
    assert not told(2**22 + 1, 40)


def test_what_has_started_others_does_something(waiting: int) -> None:
    del waiting  # beside the next two this is a child of ours
    with subprocess.Popen([sys.executable, "-c", WAITING]) as second:
        try:
            assert not told(os.getpid(), 40)
        finally:
            second.kill()
