from concurrent.futures import ThreadPoolExecutor

import pytest

from builder.errors import (
    ArtifactError,
    BuildFailed,
    FunctionsNotMoved,
    InfrastructureError,
)
from builder.layer.token import Token
from builder.operations.status import status_of
from builder.release.plan import plan
from builder.release.release import Order, advance, ensure
from tests.builder.conftest import World, die, order_of, quick
from tests.builder.fleet import function_of, layers_of
from tests.patience import PATIENCE, wait_until


def attempt_of(world: World) -> tuple[int, str]:
    record = world.layer().records.load()
    assert record is not None
    assert record.attempt is not None
    return record.attempt.number, record.attempt.failure


# The good days


def test_a_release_is_built_published_and_remembered(world: World) -> None:
    layer = world.layer()
    lines: list[str] = []

    release = ensure(layer, order_of(layer), progress=lines.append, clock=quick())

    assert release.layer_arn.endswith(f":layer:{world.name}-web:1")
    assert release.token == Token(layer.fingerprint, 1)
    assert (release.unzipped_size, release.packages) == (100, 1)
    assert (release.reason, release.build_id) == ("first build", world.builds()[0]["id"])
    record = layer.records.load()
    assert record is not None
    assert (record.current, record.attempt, record.consumed) == (release, None, 1)
    assert any(line.startswith("started build") for line in lines)
    assert lines[-1] == f"published {release.layer_arn}"


def test_what_is_released_is_not_released_again(world: World) -> None:
    layer = world.layer()
    order = order_of(layer)
    first = ensure(layer, order, clock=quick())
    before = len(world.aws.calls())

    assert ensure(world.layer(), order, clock=quick()) == first
    assert not [c for c in world.aws.calls()[before:] if c.is_write and world.name in c.target]


def test_a_change_gets_a_build_and_a_version_of_its_own(world: World) -> None:
    world.release()
    world.edit()
    release = world.release()

    assert (release.version, release.number) == (2, 2)
    assert release.reason == "src/web/app.py changed"
    assert len(world.builds()) == 2


def test_going_back_to_an_earlier_source_publishes_and_builds_nothing(world: World) -> None:
    world.edit("x = 1\n")
    first = world.release()
    world.edit("x = 2\n")
    world.release()
    world.edit("x = 1\n")
    back = world.release()

    assert (back.layer_arn, back.number) == (first.layer_arn, 3)
    assert (len(world.builds()), world.versions()) == (2, [1, 2])
    assert plan(world.layer()).status == "current"


def test_force_makes_one_new_build_and_one_new_version(world: World) -> None:
    world.release()
    release = world.release(force=True)

    assert (release.version, release.number) == (2, 2)
    assert len(world.builds()) == 2
    assert plan(world.layer()).token == release.token


def test_two_layers_of_the_same_content_do_not_meet(world: World) -> None:
    world.behave("wait", str(world.root / "go"))
    layers = [world.layer("web"), world.layer("api")]

    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(world.release, layer) for layer in layers]
        wait_until(lambda: len(world.builds()) == 2)
        (world.root / "go").touch()
        arns = {run.result(PATIENCE).layer_arn for run in runs}

    assert len(arns) == 2
    assert (world.versions("web"), world.versions("api")) == ([1], [1])


# The bad days


def test_without_a_bucket_nothing_is_released_and_the_fix_is_said(world: World) -> None:
    world.aws.client("s3").delete_bucket(Bucket=world.name)

    with pytest.raises(InfrastructureError, match="there is no bucket") as caught:
        ensure(world.layer(), Order(Token("a" * 64, 1), "why"), clock=quick())

    assert "apply the whole stack" in caught.value.fix


def test_without_a_project_nothing_is_built_and_the_next_apply_repairs_it(world: World) -> None:
    codebuild = world.aws.client("codebuild")
    (found,) = codebuild.batch_get_projects(names=[world.name])["projects"]
    codebuild.delete_project(name=world.name)
    with pytest.raises(InfrastructureError, match="there is no CodeBuild project"):
        world.release()

    codebuild.create_project(
        name=found["name"],
        source=found["source"],
        artifacts=found["artifacts"],
        environment=found["environment"],
        serviceRole=found["serviceRole"],
    )

    assert world.release().number == 2


def test_what_the_worker_says_of_a_failure_leads_everywhere(world: World) -> None:
    world.behave("refuse")
    said = "there is no package unobtainium"

    with pytest.raises(BuildFailed, match=f"^the build of layer 'web' failed: {said}\n"):
        world.release()

    assert attempt_of(world) == (1, said)
    assert f"build 1 failed ({said})" in plan(world.layer()).reason
    assert status_of(world.layer()).failure == said


def test_a_failed_build_says_phase_last_lines_log_and_fix_and_is_remembered(world: World) -> None:
    world.behave("fail")

    with pytest.raises(BuildFailed) as caught:
        world.release()

    (build,) = world.builds()
    assert "BUILD" in caught.value.what.splitlines()[0]
    assert "  | no such package: unobtainium" in caught.value.what.splitlines()
    assert build["id"] in caught.value.where
    assert f"log group {build['logs']['groupName']}" in caught.value.where
    assert f"stream {build['logs']['streamName']}" in caught.value.where
    assert "lambda-layer logs web" in caught.value.fix
    number, failure = attempt_of(world)
    assert number == 1
    assert "BUILD" in failure
    assert "\n" not in failure


def test_a_failed_build_is_offered_again_by_plan_and_tried_again_by_apply(world: World) -> None:
    good = world.release()
    world.behave("fail")
    with pytest.raises(BuildFailed):
        world.release()

    planned = plan(world.layer())
    assert (planned.status, planned.token.number, planned.release) == ("failed", 3, good)
    assert planned.reason.startswith("src/behave added; build 2 failed (")

    with pytest.raises(BuildFailed):
        world.release()
    assert len(world.builds()) == 3
    world.behave("well")
    assert world.release().number == 4


def test_a_build_that_failed_unseen_is_tried_again_by_the_next_apply(
    world: World,
) -> None:
    flag = world.root / "fail-now"
    world.behave("wait", str(flag), "fail")
    die(world, 6)
    wait_until(lambda: len(world.builds()) == 1)
    flag.touch()
    wait_until(lambda: world.builds()[0]["buildStatus"] == "FAILED")

    assert plan(world.layer()).status == "failed"
    with pytest.raises(BuildFailed):
        world.release()

    assert [build["buildStatus"] for build in world.builds()] == ["FAILED", "FAILED"]


def test_a_build_that_leaves_nothing_is_an_error_and_is_built_anew(world: World) -> None:
    world.behave("nothing")

    for number in (1, 2):
        with pytest.raises(ArtifactError, match="left no artifact"):
            world.release()
        assert len(world.builds()) == number
    assert plan(world.layer()).status == "failed"


def test_a_stopped_build_is_a_failed_one(world: World) -> None:
    world.behave("wait", str(world.root / "never"))
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(world.release)
        wait_until(lambda: len(world.builds()) == 1)
        world.services.codebuild.stop(world.builds()[0]["id"])
        with pytest.raises(BuildFailed, match="STOPPED"):
            run.result(PATIENCE)


def test_an_artifact_that_was_tampered_with_is_never_released_and_is_built_anew(
    world: World,
) -> None:
    die(world, 6)  # after the build was started and noted
    layer = world.layer()
    key = f"web/built/{layer.fingerprint}/layer.zip"
    wait_until(lambda: bool(world.builds()) and world.builds()[0]["buildStatus"] == "SUCCEEDED")
    world.put(key, world.read(key).replace(b"made = ", b"evil = "))

    with pytest.raises(ArtifactError, match="not what the build's manifest says"):
        world.release()
    assert world.versions() == []
    assert plan(world.layer()).status == "failed"

    release = world.release()
    assert world.versions() == [release.version]
    assert len(world.builds()) == 2


# Deleted by hand


def test_a_version_deleted_by_hand_is_published_again_without_a_build(world: World) -> None:
    world.release()
    world.delete_version(1)

    assert world.release().version == 2
    assert len(world.builds()) == 1


def test_an_artifact_deleted_by_hand_is_built_again_and_its_version_kept(world: World) -> None:
    release = world.release()
    world.delete(f"web/artifacts/{release.fingerprint}/layer.zip")

    assert world.release().layer_arn == release.layer_arn
    # What the build left is still there, and CodeBuild vouches for it.
    assert (len(world.builds()), world.versions()) == (1, [1])
    assert plan(world.layer()).status == "current"

    world.delete(f"web/artifacts/{release.fingerprint}/layer.zip")
    world.delete(f"web/built/{release.fingerprint}/layer.zip")
    assert world.release().layer_arn == release.layer_arn
    assert (len(world.builds()), world.versions()) == (2, [1])


def test_a_record_deleted_by_hand_is_written_again_from_what_is_there(world: World) -> None:
    first = world.release()
    world.delete("web/record.json")

    again = world.release()

    assert (again.layer_arn, again.number) == (first.layer_arn, 2)
    assert (again.build_id, again.packages) == (first.build_id, first.packages)
    assert (len(world.builds()), world.versions()) == (1, [1])


# Functions (more of them in test_functions.py)


def test_functions_move_to_each_release(world: World) -> None:
    function = function_of(world, "f")
    first = world.release(world.layer(functions=(function,)))
    assert layers_of(world, function) == [first.layer_arn]

    world.edit()
    second = world.release(world.layer(functions=(function,)))
    assert layers_of(world, function) == [second.layer_arn]


def test_a_function_that_fails_does_not_stop_the_others_and_loses_no_release(world: World) -> None:
    good = function_of(world, "f")
    missing = f"{world.name}-later"
    functions = (missing, good)

    with pytest.raises(FunctionsNotMoved, match="1 of 2 functions were not moved") as caught:
        world.release(world.layer(functions=functions))

    assert missing in caught.value.where
    assert len(layers_of(world, good)) == 1
    planned = plan(world.layer(functions=functions))
    assert planned.status == "unmoved"
    assert planned.reason == (
        f"published as version 1; 1 function was not moved: {missing} "
        f"(there is no function '{missing}')"
    )
    assert planned.token.number == 2

    function_of(world, "later")
    release = world.release(world.layer(functions=functions))
    assert layers_of(world, missing) == [release.layer_arn]
    assert (len(world.builds()), world.versions()) == (1, [1])
    assert plan(world.layer(functions=functions)).status == "current"


# Without waiting


def test_to_advance_starts_a_build_and_leaves_it_running(world: World) -> None:
    go = world.root / "go"
    world.behave("wait", str(go))
    layer = world.layer()
    order = order_of(layer)
    lines: list[str] = []

    assert advance(layer, order, progress=lines.append, clock=quick()) is None
    assert advance(layer, order, clock=quick()) is None
    assert (len(world.builds()), world.versions()) == (1, [])
    assert attempt_of(world) == (1, "")
    assert "goes on when it has ended" in lines[-1]

    go.touch()
    wait_until(lambda: world.builds()[0]["buildStatus"] == "SUCCEEDED")
    release = advance(layer, order, clock=quick())
    assert release is not None
    assert release.version == 1
    assert (len(world.builds()), world.versions()) == (1, [1])


def test_to_advance_reports_a_build_that_failed_meanwhile(world: World) -> None:
    world.behave("fail")
    layer = world.layer()
    order = order_of(layer)
    with world.held():
        assert advance(layer, order, clock=quick()) is None
    wait_until(lambda: world.builds()[0]["buildStatus"] == "FAILED")
    with pytest.raises(BuildFailed, match="unobtainium"):
        advance(layer, order, clock=quick())
    assert attempt_of(world)[1].startswith("BUILD: ")
