from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from builder.aws.codebuild import BuildState
from builder.builds.wait import finish_builds
from builder.clock import Clock
from builder.errors import BuildFailed
from tests.builder.building import finished, started
from tests.builder.conftest import World
from tests.patience import wait_until


def test_a_build_that_codebuild_does_not_know_is_a_failed_one(world: World) -> None:
    with pytest.raises(BuildFailed, match="CodeBuild does not know build"):
        finished(world.layer(), f"{world.name}:00000000-0000-0000-0000-000000000000")


def test_a_build_that_never_ends_is_given_up_with_the_command_that_stops_it(
    world: World,
) -> None:
    go = world.root / "go"
    world.behave("wait", str(go))
    layer = world.layer()
    build_id = started(layer)
    time = [0.0]

    def sleep(_seconds: float) -> None:
        time[0] += 24 * 3600

    with pytest.raises(BuildFailed, match="not ended within its own time limit") as caught:
        finished(layer, build_id, clock=Clock(monotonic=lambda: time[0], sleep=sleep))

    assert f"stop-build --id {build_id}" in caught.value.fix
    go.touch()


def test_a_build_that_takes_long_is_not_silent(world: World) -> None:
    go = world.root / "go"
    world.behave("wait", str(go))
    layer = world.layer()
    build_id = started(layer)
    time, lines = [0.0], list[str]()

    def sleep(_seconds: float) -> None:
        time[0] += 20.0
        if sum("since its start" in line for line in lines) == 2:
            go.touch()
            wait_until(lambda: not layer.services.codebuild.states([build_id])[0].running)

    clock = Clock(monotonic=lambda: time[0], sleep=sleep)
    state = finished(layer, build_id, progress=lines.append, clock=clock)

    assert state.succeeded
    again = [line for line in lines if "since its start" in line]
    assert len(again) >= 2
    assert all(f"build {build_id}: " in line for line in again)


def looks_until(phases: list[tuple[float, str]], end: float) -> tuple[int, float]:
    """Wait for a build that is in each phase from a second on; return looks and lateness."""
    time, looked = [0.0], list[float]()

    def states(_ids: object) -> Iterator[BuildState]:
        looked.append(time[0])
        phase = [name for since, name in phases if since <= time[0]][-1]
        state = BuildState("b", "IN_PROGRESS", phase, "", "", {}, "", datetime.now(UTC), 0, 3600)
        yield replace(state, status="SUCCEEDED", phase="COMPLETED") if time[0] >= end else state

    codebuild = SimpleNamespace(states=states, watched=lambda ids, _age, _clock: states(ids))
    layer = cast("Any", SimpleNamespace(services=SimpleNamespace(codebuild=codebuild)))

    def sleep(seconds: float) -> None:
        time[0] += seconds

    clock = Clock(monotonic=lambda: time[0], sleep=sleep)
    succeeded, failed = finish_builds(layer, {"": "b"}, progress=lambda _line: None, clock=clock)
    assert (list(succeeded), failed) == ([""], {})
    return len(looked), time[0] - end


@pytest.mark.parametrize("provisioned", [1.0, 13.0, 20.0, 31.0, 47.0, 90.0])
@pytest.mark.parametrize("takes", [8.0, 15.0, 25.0])
def test_a_build_of_seconds_is_seen_to_have_ended_within_three_seconds(
    provisioned: float, takes: float
) -> None:
    phases = [(0.0, "QUEUED"), (0.5, "PROVISIONING"), (provisioned, "BUILD")]
    looks, late = looks_until(phases, provisioned + takes)

    assert late <= 3.0
    assert looks <= 50


def test_a_build_of_an_hour_is_looked_at_every_ten_seconds() -> None:
    looks, _ = looks_until([(0.0, "BUILD")], 3600.0)

    assert looks <= 400
