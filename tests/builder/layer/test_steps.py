from datetime import UTC, datetime

import pytest

from builder.clock import Clock
from builder.layer.record import Record
from builder.layer.steps import KEEP, MOVE, NOTICE, PUBLISH, VERIFY, Steps, Stopwatch

ENDED = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_time_of_a_step_that_is_taken_twice_is_added_up_and_that_of_one_not_taken_absent() -> (
    None
):
    time = [100.0]
    watch = Stopwatch(Clock(monotonic=lambda: time[0], now=lambda: ENDED.timestamp() + 1.5))
    watch.begin(ENDED)
    for step, seconds in ((PUBLISH, 2.0), (VERIFY, 0.25), (PUBLISH, 1.0)):
        with watch.timed(step):
            time[0] += seconds
        time[0] += 50.0  # what is no step is in none

    steps = watch.steps(7)
    assert steps == Steps(7, {NOTICE: 1.5, VERIFY: 0.25, PUBLISH: 3.0})
    assert steps.ordered == ((NOTICE, 1.5), (VERIFY, 0.25), (PUBLISH, 3.0))
    assert str(steps) == "4.75 s: notice 1.50, verify 0.25, publish 3.00"


def test_what_was_looked_at_before_the_build_ended_is_not_counted() -> None:
    time = [0.0]
    watch = Stopwatch(Clock(monotonic=lambda: time[0], now=lambda: ENDED.timestamp()))
    with watch.timed(VERIFY):
        time[0] += 9.0
    watch.begin(ENDED)

    assert watch.steps(1).seconds == {NOTICE: 0.0}


def test_a_clock_that_is_behind_codebuilds_gives_no_negative_time() -> None:
    watch = Stopwatch(Clock(now=lambda: ENDED.timestamp() - 60.0))
    watch.begin(ENDED)

    assert watch.steps(1).seconds[NOTICE] == 0.0


def test_a_step_that_failed_took_its_time_all_the_same() -> None:
    time = [0.0]
    watch = Stopwatch(Clock(monotonic=lambda: time[0]))

    def fail() -> None:
        with watch.timed(KEEP):
            time[0] += 3.0
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()

    assert watch.steps(1).seconds == {KEEP: 3.0}


def test_a_record_keeps_the_times_of_the_newest_release_in_its_json() -> None:
    record = Record("web").timed(Steps(2, {MOVE: 0.5}))

    assert Record.from_json(record.to_json(), "here") == record
    assert record.timed(Steps(1, {MOVE: 9.0})) == record
    assert record.timed(Steps(3, {MOVE: 1.0})).steps == Steps(3, {MOVE: 1.0})
