from dataclasses import replace

from builder.layer.record import Record
from builder.layer.steps import KEEP, NOTICE, PUBLISH, RECORD, VERIFY, Steps
from builder.operations.status import status_of
from builder.operations.timing import timing_of
from tests.builder.conftest import World


def test_a_release_shows_the_phases_of_its_build_and_the_steps_after_it(world: World) -> None:
    release = world.release()

    timing = timing_of(status_of(world.layer()))

    (build,) = timing.builds
    assert (build.build_id, build.purpose, build.status) == (release.build_id, "v1", "SUCCEEDED")
    assert {"PROVISIONING", "BUILD", "UPLOAD_ARTIFACTS"} <= build.phases.keys()
    assert "COMPLETED" not in build.phases
    assert sum(build.phases.values()) <= build.seconds + 0.1
    assert timing.version == release.version
    assert timing.steps is not None
    assert {NOTICE, VERIFY, PUBLISH, KEEP, RECORD} <= timing.steps.seconds.keys()
    assert timing.steps.total < 600


def test_a_build_that_codebuild_has_forgotten_is_named(world: World) -> None:
    world.release()
    gone = f"{world.name}:00000000-0000-0000-0000-000000000000"
    layer = world.layer()

    def forget(record: Record) -> Record:
        assert record.current is not None
        current = replace(record.current, build_id=gone)
        return replace(record, current=current, releases=(current,))

    layer.records.change(forget)

    timing = timing_of(status_of(layer))
    assert (timing.builds, timing.gone) == ((), (gone,))


def test_a_layer_without_builds_has_no_times(world: World) -> None:
    timing = timing_of(status_of(world.layer()))

    assert (timing.builds, timing.gone, timing.steps) == ((), (), None)


def test_times_of_a_release_that_is_gone_are_not_shown(world: World) -> None:
    world.release()
    layer = world.layer()
    layer.records.change(lambda record: record.timed(Steps(99, {PUBLISH: 1.0})))

    assert timing_of(status_of(layer)).steps is None
