import pytest

from builder.clock import Clock
from builder.errors import BuildFailed
from tests.builder.building import finished, started
from tests.builder.conftest import World


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
