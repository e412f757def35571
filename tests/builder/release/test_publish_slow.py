"""PublishLayerVersion takes longer than a lease, clocks differ: one fingerprint, one version.

Time passes on demand (tests/soak/stage.py): seventy seconds take none.
"""

import pytest

from builder.layer.record import Release
from tests.soak.machine import ReleaseMachine
from tests.soak.stage import Actor


def until_it_publishes(machine: ReleaseMachine, actor: Actor, seconds: float) -> None:
    """Step a caller until Lambda works on its PublishLayerVersion, which takes so many seconds."""
    machine.aws.publish_seconds = seconds
    while actor.wake - machine.stage.time < seconds:
        assert not actor.done
        actor.step()
    assert machine.aws.versions == {}


def version(actor: Actor) -> int:
    assert isinstance(actor.result, Release), actor.error
    return actor.result.version


@pytest.mark.parametrize(
    ("seconds", "offset"),
    [(70.0, 0.0), (6.0, 120.0), (70.0, 120.0), (70.0, -3600.0), (200.0, 3600.0), (290.0, 0.0)],
)
@pytest.mark.parametrize("later", [0.0, 30.0, 65.0])
def test_who_comes_while_lambda_publishes_gets_that_version(
    machine: ReleaseMachine, seconds: float, offset: float, later: float
) -> None:
    first = machine.caller("blue")
    until_it_publishes(machine, first, seconds)
    if later < seconds:
        machine.fair_time(later)

    second = machine.caller("blue", offset)
    machine.stage.finish()

    assert (version(first), version(second)) == (1, 1)
    assert machine.aws.published == 1


def test_a_caller_with_another_number_gets_it_too(machine: ReleaseMachine) -> None:
    done = machine.caller("green")
    machine.stage.finish()
    assert version(done) == 1
    first = machine.caller("blue")
    machine.aws.versions.clear()  # deleted by hand: only the new ones count
    until_it_publishes(machine, first, 70.0)
    other = machine.caller("green", 120.0)
    machine.fair_time(20.0)

    second = machine.caller("blue", 120.0)
    machine.stage.finish()

    assert other.done
    blue = [v for v in machine.aws.versions.values() if version(second) == v.version]
    assert len(blue) == 1
    tokens = [v.token.partition("#")[0] for v in machine.aws.versions.values()]
    assert len(tokens) == len(set(tokens))


def test_only_a_forced_rebuild_gets_a_version_of_its_own(machine: ReleaseMachine) -> None:
    first = machine.caller("blue")
    until_it_publishes(machine, first, 70.0)

    second = machine.caller("blue", 120.0, force=True)
    machine.stage.finish()

    assert version(first) != version(second)
    assert machine.aws.published == 2
