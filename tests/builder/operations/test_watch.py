from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from builder.builds.attempt_state import PATIENCE
from builder.builds.start import start_build
from builder.errors import BuildFailed, LayerError
from builder.layer.attempt import Attempt
from builder.layer.token import Token
from builder.operations.log_line import STEP
from builder.operations.watch import View, builds_of, watch
from builder.protocol.statuses import BUILDING, FAILED, PUBLISHED, PUBLISHING, WAITING
from tests import patience
from tests.builder.conftest import World, hurried, quick
from tests.patience import wait_until

STEPS = "[   0.1s] installing 3 of 40 for python3.12 on arm64"


def views(world: World, wait: float = 30) -> Iterator[View]:
    return watch(world.layer(), wait=wait, clock=quick())


def begun(world: World, build_id: str = "", **fields: str) -> Attempt:
    """Remember an attempt that is under way."""
    layer = world.layer()
    attempt = Attempt(1, layer.fingerprint, "first build", "2026-01-01", build_id=build_id)
    attempt = replace(attempt, **fields)  # type: ignore[arg-type] # of strings
    layer.records.change(lambda record: record.begun(attempt))
    return attempt


def test_a_release_is_seen_from_its_beginning_to_its_arn(world: World) -> None:
    go = world.root / "go"
    world.behave("wait", str(go))
    seen: list[View] = []

    def look() -> None:
        seen.extend(views(world))

    with ThreadPoolExecutor(2) as pool:
        watching = pool.submit(look)
        releasing = pool.submit(world.release)
        try:
            wait_until(
                lambda: bool(world.builds()) and world.builds()[0]["currentPhase"] == "BUILD"
            )
        finally:
            go.touch()
        release = releasing.result(patience.PATIENCE)
        watching.result(patience.PATIENCE)

    stages = list(dict.fromkeys(view.stage for view in seen))
    assert stages[-1] == PUBLISHED
    assert BUILDING in stages
    assert set(stages) <= {WAITING, BUILDING, PUBLISHING, PUBLISHED}
    assert seen[-1].release == release
    (build,) = seen[-1].builds
    assert (build.state.id, build.state.succeeded) == (release.build_id, True)
    assert [phase.name for phase in build.state.phases][:3] == [
        "SUBMITTED", "QUEUED", "PROVISIONING",
    ]  # fmt: skip
    lines = [line.text for view in seen for found in view.builds for line in found.lines]
    assert lines.count("building web") == 1


def test_a_build_that_fails_ends_the_watching_with_its_cause(world: World) -> None:
    world.behave("fail")
    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(lambda: list(views(world)))
        with pytest.raises(BuildFailed):
            world.release()
        last = watching.result(patience.PATIENCE)[-1]

    assert last.stage == FAILED
    assert last.problem.startswith("BUILD: ")
    assert "lambda-layer logs web --failed" in last.problem


def test_the_cause_of_a_failed_build_is_shown_also_once_the_record_says_it_failed(
    world: World,
) -> None:
    world.behave("fail")
    looking = views(world)
    assert next(looking).stage == WAITING
    with pytest.raises(BuildFailed):
        world.release()

    last = next(looking)
    assert (last.stage, last.problem.startswith("BUILD: ")) == (FAILED, True)
    assert "lambda-layer logs web --failed" in last.problem


def test_what_the_worker_says_of_a_failure_is_shown_and_not_what_codebuild_says(
    world: World,
) -> None:
    world.behave("refuse")
    looking = views(world)
    assert next(looking).stage == WAITING
    with pytest.raises(BuildFailed):
        world.release()

    assert next(looking).problem.splitlines()[0] == "there is no package unobtainium"


def test_a_build_that_codebuild_does_not_know_ends_the_watching(world: World) -> None:
    begun(world, f"{world.name}:gone")

    (view,) = views(world)
    assert (view.stage, "CodeBuild does not know build" in view.problem) == (FAILED, True)


def test_a_failure_from_before_is_not_what_is_watched(world: World) -> None:
    world.behave("fail")
    with pytest.raises(BuildFailed):
        world.release()

    looking = views(world)
    assert next(looking).stage == WAITING


def test_while_nothing_happens_the_last_release_is_shown_and_in_the_end_there_is_an_error(
    world: World,
) -> None:
    release = world.release()

    seen: list[View] = []
    with pytest.raises(LayerError, match="no build of layer 'web' began within 2 seconds"):
        seen.extend(view for view in watch(world.layer(), wait=2, clock=hurried()))
    first = next(watch(world.layer(), wait=2, clock=hurried()))
    assert (first.stage, first.release) == (WAITING, release)


def test_a_build_that_no_one_publishes_is_given_up(world: World) -> None:
    layer = world.layer()
    token = Token(layer.fingerprint, 1)
    build_id = start_build(layer, token, debug=False, progress=print, clock=quick()).id
    begun(world, build_id)

    wait_until(lambda: [b["buildStatus"] for b in world.builds()] == ["SUCCEEDED"])
    # Looking once a second would make 900 looks of a quarter of an hour.
    seen = list(watch(layer, wait=1, clock=hurried(pace=120)))

    assert seen[-2].stage == PUBLISHING
    assert seen[-1].stage == FAILED
    assert "it is built, and was not released" in seen[-1].problem
    (build,) = seen[-1].builds
    assert seen[-1].at - build.state.ended.timestamp() >= PATIENCE.total_seconds()


def test_a_step_is_found_in_the_log_with_its_count(world: World) -> None:
    release = world.release()
    state = world.services.codebuild.state(release.build_id)
    assert state is not None
    begun(world, release.build_id, reason="again")
    world.aws.client("logs").put_log_events(
        logGroupName=state.log_group, logStreamName=state.log_stream,
        logEvents=[
            {"timestamp": 4_000_000_000_000, "message": text}
            for text in (STEPS, "          NOTE: careful", "ERROR: broken")
        ],
    )  # fmt: skip

    (build,) = next(views(world)).builds
    assert build.step is not None
    assert (build.step.done, build.step.total) == (3, 40)
    assert (build.notes, build.errors) == (("careful",), ("broken",))
    assert [line.kind for line in build.lines if line.kind == STEP] == [STEP]


def test_all_builds_of_an_approval_are_shown_and_no_others(world: World) -> None:
    layer = world.layer()
    token = Token(layer.fingerprint, 1)
    first = start_build(layer, token, debug=False, progress=print, clock=quick()).id
    # Another request of the same approval, as for another target.
    second = start_build(layer, token, debug=True, progress=print, clock=quick()).id
    other = start_build(layer, Token("f" * 64, 7), debug=False, progress=print, clock=quick()).id

    found = builds_of(layer, begun(world, first))
    assert {state.id for state in found} >= {first}
    assert other not in {state.id for state in found}
    assert {state.id for state in builds_of(layer, begun(world, other))} >= {first, other}
    assert second


def test_a_release_that_comes_and_goes_between_two_looks_is_not_missed(world: World) -> None:
    world.release()
    looking = views(world)
    assert next(looking).stage == WAITING
    world.edit()
    release = world.release()

    view = next(looking)
    assert (view.stage, view.release) == (PUBLISHED, release)


def test_a_failure_that_comes_and_goes_between_two_looks_is_not_missed(world: World) -> None:
    looking = views(world)
    assert next(looking).stage == WAITING
    world.behave("fail")
    with pytest.raises(BuildFailed):
        world.release()

    assert next(looking).stage == FAILED
