import os
import time

from builder.clock import Clock
from tests.patience import wait_until


def test_a_timestamp_is_utc_to_the_second() -> None:
    assert Clock(now=lambda: 1_700_000_000.9).timestamp() == "2023-11-14T22:13:20Z"


def test_two_clocks_are_two_owners_even_in_one_process() -> None:
    first, second = Clock(), Clock()

    assert first.owner != second.owner
    assert f":{os.getpid()}:" in first.owner


def test_a_clock_stays_the_same_owner() -> None:
    clock = Clock()

    assert clock.owner == clock.owner


def test_what_is_done_meanwhile_ends_with_the_context() -> None:
    done: list[int] = []
    with Clock().every(0.01, lambda: done.append(1)):
        wait_until(lambda: len(done) > 2)

    ended = len(done)
    time.sleep(0.05)
    assert len(done) == ended
