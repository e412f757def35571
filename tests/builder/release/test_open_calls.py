"""A publication that outlives its caller: one version, however late Lambda has finished.

Time passes on demand (tests/soak/stage.py): five minutes take none.
"""

from dataclasses import replace

import pytest

from builder.aws.functions import Use
from builder.aws.layers import LayerVersion
from builder.layer.record import OpenCall, Record, Release
from builder.layer.token import Token
from builder.release.open_calls import (
    KEPT,
    LONGEST,
    MEMORY,
    is_surplus,
    looks,
    noted,
    seconds_left,
)
from builder.release.prune import decide
from builder.release.publish import LEASE_SECONDS
from tests.builder.remembered import A, B, release_of
from tests.soak.machine import ReleaseMachine, fingerprint_of
from tests.soak.stage import Actor


def killed_while_lambda_publishes(machine: ReleaseMachine, seconds: float) -> Actor:
    """Kill a caller whose PublishLayerVersion goes on for so many seconds."""
    machine.aws.publish_seconds = seconds
    actor = machine.caller("blue")
    while actor.wake - machine.stage.time < seconds:
        assert not actor.done
        actor.step()
    actor.kill()
    machine.aws.publish_seconds = 2.0
    return actor


def version(actor: Actor) -> int:
    assert isinstance(actor.result, Release), actor.error
    return actor.result.version


def released(machine: ReleaseMachine, source: str = "blue") -> Actor:
    actor = machine.caller(source)
    machine.stage.finish()
    return actor


def numbers(machine: ReleaseMachine, source: str) -> list[int]:
    mark = fingerprint_of(source)
    return sorted(n for n, v in machine.aws.versions.items() if v.token.startswith(mark))


@pytest.mark.parametrize("seconds", [12.0, 61.0, 90.0, 200.0, 300.0])
@pytest.mark.parametrize("offset", [0.0, 3600.0, -3600.0])
def test_what_a_killed_caller_has_begun_is_adopted_and_not_published_again(
    machine: ReleaseMachine, seconds: float, offset: float
) -> None:
    killed_while_lambda_publishes(machine, seconds)

    second = machine.caller("blue", offset)
    machine.stage.finish()
    machine.fair_time(1000.0)
    machine.aws.pass_time()

    assert (version(second), machine.aws.published) == (1, 1)


def test_a_second_caller_that_is_killed_while_it_waits_leaves_it_to_the_third(
    machine: ReleaseMachine,
) -> None:
    killed_while_lambda_publishes(machine, 290.0)
    second = machine.caller("blue")
    began = machine.stage.time
    while machine.stage.time < began + LEASE_SECONDS + 60:
        machine.stage.due().step()
    assert not second.done
    second.kill()

    third = machine.caller("blue")
    machine.stage.finish()
    machine.fair_time(1000.0)
    machine.aws.pass_time()

    assert (version(third), machine.aws.published) == (1, 1)


def test_a_call_that_never_came_to_lambda_is_waited_for_once_and_in_bounds(
    machine: ReleaseMachine,
) -> None:
    killed_while_lambda_publishes(machine, 33.0)
    machine.aws.happens.clear()
    began = machine.stage.time

    assert version(released(machine)) == 1
    assert machine.stage.time - began < LEASE_SECONDS + LONGEST + 60


def test_hours_later_there_is_nothing_to_wait_for(machine: ReleaseMachine) -> None:
    killed_while_lambda_publishes(machine, 33.0)
    machine.aws.happens.clear()
    machine.fair_time(7200.0)
    began = machine.stage.time

    assert version(released(machine)) == 1
    assert machine.stage.time - began < LEASE_SECONDS + 30


def test_other_content_does_not_wait_for_it(machine: ReleaseMachine) -> None:
    killed_while_lambda_publishes(machine, 200.0)
    began = machine.stage.time

    assert version(released(machine, "green")) == 1
    assert machine.stage.time - began < LEASE_SECONDS + 60

    assert version(released(machine, "blue")) == 2
    machine.fair_time(1000.0)
    machine.aws.pass_time()
    assert numbers(machine, "blue") == [2]


def test_what_comes_later_still_is_removed_by_the_next_release(machine: ReleaseMachine) -> None:
    killed_while_lambda_publishes(machine, LONGEST + 200.0)
    assert version(released(machine)) == 1
    machine.fair_time(1000.0)
    machine.aws.pass_time()
    assert numbers(machine, "blue") == [1, 2]

    released(machine, "green")

    assert numbers(machine, "blue") == [1]


def test_a_late_version_goes_before_others_and_stays_while_a_function_has_it(
    machine: ReleaseMachine,
) -> None:
    killed_while_lambda_publishes(machine, LONGEST + 200.0)
    released(machine)
    machine.fair_time(1000.0)
    machine.aws.pass_time()
    record, late = machine.record(), machine.aws.versions[2]
    assert record is not None
    versions = [replace(found, code_sha256="") for found in machine.aws.versions.values()]

    pruning = decide(versions, record, [], 5, late.app)
    assert [verdict.arn for verdict in pruning.going] == [late.arn]

    pruning = decide(versions, record, [Use("api", "7", late.arn)], 5, late.app)
    assert pruning.going == ()


# What is remembered


def test_a_forced_rebuild_is_not_surplus_before_it_is_recorded() -> None:
    token = Token(A, 5)
    record = Record("web", current=release_of(3, A), releases=(release_of(3, A),))
    record = noted(record, OpenCall(str(token), 1.0))
    rebuilt = LayerVersion(release_of(5).layer_arn, 5, str(token), app="shop")
    living = {release_of(3).layer_arn, rebuilt.arn}

    assert not is_surplus(record, rebuilt, living)
    assert is_surplus(record.published(release_of(5, A, version=9)), rebuilt,
                      {*living, release_of(9).layer_arn})  # fmt: skip


def test_only_the_last_calls_of_a_day_are_remembered() -> None:
    record = Record("web")
    for number in range(KEPT + 5):
        record = noted(record, OpenCall(f"{A}#{number}", float(number)))
    assert [call.token for call in record.open_calls] == [f"{A}#{n}" for n in range(5, KEPT + 5)]

    again = noted(record, OpenCall(f"{A}#7", 99.0))
    assert [call.seen for call in again.open_calls if call.token == f"{A}#7"] == [99.0]

    later = noted(record, OpenCall(f"{B}#1", MEMORY + 100))
    assert [call.token for call in later.open_calls] == [f"{B}#1"]


@pytest.mark.parametrize(
    ("seen", "now", "since", "left"),
    [
        (1000.0, 1100.0, 0, LONGEST - 100),
        (1000.0, 900.0, 0, LONGEST),  # AWS's own machines differ by a moment
        (1000.0, 9000.0, 0, 0.0),
        (0.0, 9000.0, 0, LONGEST),  # when is not known
        (1000.0, 0.0, 0, LONGEST),
        (1000.0, 1100.0, 4, 0.0),  # a forced rebuild wants another one
    ],
)
def test_how_long_a_call_is_waited_for(seen: float, now: float, since: int, left: float) -> None:
    record = noted(Record("web"), OpenCall(f"{A}#3", seen))

    assert seconds_left(record, Token(A, 8), since=since, now=now) == left
    assert seconds_left(record, Token(B, 8), since=since, now=now) == 0


def test_looks_take_as_long_as_they_should() -> None:
    assert sum(looks(100.0)) == 100.0
    assert max(looks(100.0)) == 20.0
    assert list(looks(0.0)) == []
