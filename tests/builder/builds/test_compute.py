from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from builder.aws.codebuild import BuildState
from builder.builds.compute import MEMORY, Compute, another_may_do, obstacle
from builder.builds.last_words import LastWords
from builder.builds.obtain import CAUSE_LENGTH
from builder.builds.start import WHOLE
from builder.clock import Clock
from builder.errors import BuildFailed, ComputeRefused
from builder.layer.attempt import Attempt, Lesson
from builder.layer.record import Record
from builder.release.plan import plan
from builder.release.release import advance, ensure
from builder.spec.runtimes import Target
from tests.builder.building import started
from tests.builder.conftest import REGION, World, die, order_of, quick, spec_of
from tests.patience import wait_until

BOTH = ("3.12", "3.13")
LAMBDA, CONTAINER = "ARM_LAMBDA_CONTAINER", "ARM_CONTAINER"


def places(world: World) -> list[str]:
    """Return the environment types of the builds so far, oldest first."""
    return [build["environment"]["type"] for build in world.builds()]


def record(world: World) -> Record:
    found = world.layer().records.load()
    assert found is not None
    return found


def released(world: World, **fields: Any) -> list[str]:
    """Release a layer; return the lines of its progress."""
    lines: list[str] = []
    world.release(world.layer(**{"compute": "auto", **fields}), progress=lines.append)
    return lines


# What auto takes


def test_auto_builds_on_lambda_compute(world: World) -> None:
    lines = released(world)

    (build,) = world.builds()
    assert build["environment"]["type"] == LAMBDA
    assert build["environment"]["computeType"] == "BUILD_LAMBDA_4GB"
    assert (
        build["environment"]["image"]
        == "aws/codebuild/amazonlinux-aarch64-lambda-standard:python3.12"
    )
    assert build["environment"]["imagePullCredentialsType"] == "CODEBUILD"
    assert build["cache"]["type"] == "NO_CACHE"
    assert any(line.endswith("on Lambda compute") for line in lines)


def test_each_target_and_the_merge_run_there(world: World) -> None:
    released(world, python=BOTH)

    assert places(world) == [LAMBDA] * 3


def test_without_the_key_builds_run_in_containers_as_ever(world: World) -> None:
    world.release()

    assert places(world) == [CONTAINER]


@pytest.mark.parametrize(
    ("fields", "region", "why"),
    [
        ({}, REGION, ""),
        ({"python": ("3.10",)}, REGION, "no image of python3.10"),
        ({"system_packages": ("libpq-devel",)}, REGION, "system_packages may need root"),
        ({"pre_install": "setup.sh"}, REGION, "pre_install may need root"),
        ({}, "eu-north-1", "no Lambda compute in eu-north-1"),
    ],
)
def test_what_is_known_beforehand_goes_to_a_container_at_once(
    fields: dict[str, Any], region: str, why: str
) -> None:
    spec = spec_of(compute="auto", **fields)

    said = obstacle(spec, spec.targets[0], region)

    assert (why in said) if why else said == ""


def test_a_layer_without_an_image_there_says_why_it_is_built_in_a_container(world: World) -> None:
    lines = released(world, python=("3.10",))

    assert places(world) == [CONTAINER]
    why = "building in a container: Lambda compute has no image of python3.10"
    assert lines.count(why) == 1


def test_where_it_is_built_does_not_change_the_fingerprint(world: World) -> None:
    kinds = ("container", "lambda", "auto")

    assert len({world.layer(compute=kind).fingerprint for kind in kinds}) == 1
    released(world)
    assert plan(world.layer(compute="container")).status == "current"


# Falling back


def test_a_failure_that_needs_more_is_tried_again_in_a_container(world: World) -> None:
    world.behave("needs", "on:lambda")

    lines = released(world)

    assert places(world) == [LAMBDA, CONTAINER]
    assert world.versions() == [1]
    why = "it needs a compiler (numpy 2.0 cannot be built)"
    assert [line for line in lines if "container" in line] == [f"building in a container: {why}"]
    assert record(world).consumed == 1
    assert record(world).lessons["python3.12"].why == why


def test_what_was_learnt_is_used_by_the_next_build(world: World) -> None:
    world.behave("needs", "on:lambda")
    released(world)
    world.edit()

    lines = released(world)

    assert places(world) == [LAMBDA, CONTAINER, CONTAINER]
    assert any("it needs a compiler" in line and "; learnt on 20" in line for line in lines)
    assert world.versions() == [1, 2]


def test_a_worker_that_ended_without_a_word_is_tried_again_too(world: World) -> None:
    """As when the kernel has killed it for its memory."""
    world.behave("fail", "on:lambda")

    released(world)

    assert places(world) == [LAMBDA, CONTAINER]
    assert "without a word of the worker" in record(world).lessons["python3.12"].why


def test_what_fails_everywhere_is_not_tried_again(world: World) -> None:
    world.behave("refuse")

    with pytest.raises(BuildFailed, match="there is no package unobtainium"):
        released(world)

    assert places(world) == [LAMBDA]


def test_a_failure_in_the_container_ends_the_attempt_and_teaches_nothing(world: World) -> None:
    world.obey("fail")

    with pytest.raises(BuildFailed):
        released(world)

    assert places(world) == [LAMBDA, CONTAINER]
    assert plan(world.layer(compute="auto")).token.number == 2
    world.obey("well")
    released(world)
    assert places(world) == [LAMBDA, CONTAINER, LAMBDA]
    assert not record(world).lessons


def test_lambda_that_was_asked_for_is_not_left(world: World) -> None:
    world.behave("needs", "on:lambda")

    with pytest.raises(BuildFailed, match="cannot be built"):
        released(world, compute="lambda")

    assert places(world) == [LAMBDA]


def test_only_the_part_that_needs_it_is_built_again(world: World) -> None:
    world.behave("needs", "on:python3.13", "on:lambda")

    released(world, python=BOTH)

    assert places(world) == [LAMBDA, LAMBDA, CONTAINER, LAMBDA]
    assert list(record(world).lessons) == ["python3.13"]
    assert world.versions() == [1]


def test_work_that_is_missing_is_asked_of_a_container(world: World) -> None:
    world.behave("nothing", "on:lambda")

    released(world)

    assert places(world) == [LAMBDA, CONTAINER]
    assert "cannot be used" in record(world).lessons["python3.12"].why


def test_a_project_that_cannot_be_used_there_is_built_in_a_container(world: World) -> None:
    """As with a VPC: CodeBuild refuses the build itself."""
    network: Any = {"vpcId": "vpc-1", "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}
    world.aws.client("codebuild").update_project(name=world.name, vpcConfig=network)

    lines = released(world)

    assert places(world) == [CONTAINER]
    assert any("CodeBuild refuses Lambda compute for it (Cannot" in line for line in lines)
    assert "python3.12" in record(world).lessons

    world.edit()
    with pytest.raises(ComputeRefused, match="vpcConfig"):
        released(world, compute="lambda")


def test_a_process_that_died_after_the_failure_leaves_the_second_build_to_the_next(
    world: World,
) -> None:
    world.behave("needs", "on:lambda")
    layer = world.layer(compute="auto")
    order = order_of(layer)
    assert advance(layer, order, clock=quick()) is None
    wait_until(lambda: [build["buildStatus"] for build in world.builds()] == ["FAILED"])

    # What the publisher function does when it hears of the end.
    assert advance(layer, order, clock=quick()) is None
    wait_until(lambda: world.builds()[-1]["buildStatus"] == "SUCCEEDED")
    done = advance(layer, order, clock=quick())

    assert done is not None
    assert places(world) == [LAMBDA, CONTAINER]
    assert (done.number, world.versions()) == (1, [1])


@pytest.mark.parametrize("writes", range(4, 14, 3))
def test_a_death_at_any_time_makes_one_version(world: World, writes: int) -> None:
    world.behave("needs", "on:lambda")
    with suppress(pytest.fail.Exception):  # it was done before it could die
        die(world, writes, compute="auto")
    released(world)

    assert world.versions() == [1]


@pytest.mark.parametrize("writes", range(4, 11))
def test_the_same_order_goes_on_wherever_a_process_died(world: World, writes: int) -> None:
    """As when Lambda calls the publisher again: also between the lesson and the container."""
    world.behave("needs", "on:lambda")
    order = order_of(world.layer(compute="auto"))
    with suppress(pytest.fail.Exception):  # it was done before it could die
        die(world, writes, compute="auto")

    release = ensure(world.layer(compute="auto"), order, clock=quick())

    assert (release.number, world.versions()) == (1, [1])
    assert places(world) == [LAMBDA, CONTAINER]


def test_what_a_build_says_does_not_fill_the_record(world: World) -> None:
    """CodeBuild repeats the whole command that failed, and strangers' code writes to the log."""
    world.behave("fail", "on:lambda")

    lines = released(world)

    why = record(world).lessons["python3.12"].why
    assert len(why) <= CAUSE_LENGTH
    assert len(why.splitlines()) == 1
    assert f"building in a container: {why}" in lines


# Verdicts


@pytest.fixture
def failed(world: World) -> Callable[..., BuildState]:
    """Return what CodeBuild says of a build, with some of it changed."""
    layer = world.layer()
    known = layer.services.codebuild.state(started(layer))
    assert known is not None

    def changed(**fields: Any) -> BuildState:
        values = {"status": "FAILED", "environment_type": LAMBDA, "failure": "BUILD: x", **fields}
        return replace(known, **values)

    return changed


def test_verdicts(failed: Callable[..., BuildState]) -> None:
    needs = LastWords("it broke", needs="more space")

    assert another_may_do(failed(), needs) == "it needs more space (it broke)"
    assert another_may_do(failed(), LastWords("no such package")) == ""
    assert another_may_do(failed(environment_type=CONTAINER), needs) == ""
    assert another_may_do(failed(status="STOPPED"), needs) == ""
    assert "15 minutes" in another_may_do(failed(status="TIMED_OUT"), None)
    assert "without a word" in another_may_do(failed(status="FAULT"), None)


@pytest.mark.parametrize(
    ("since", "holds"), [("2026-01-01T00:00:00Z", True), ("long ago", False), ("2026-01-01", False)]
)
def test_a_lesson_holds_for_a_month_and_only_if_it_has_a_date(
    world: World, since: str, holds: bool
) -> None:
    layer = world.layer(compute="auto")
    attempt, ended = Attempt(1, "f", "", ""), MEMORY.days + 1
    # A clock may be a little behind that of the process that learnt it, or have been years ahead.
    for days, expected in ((-1, holds), (1, holds), *((n, False) for n in (-ended, ended))):
        clock = Clock(now=lambda days=days: 1767225600.0 + days * 86400)  # type: ignore[misc]
        compute = Compute(layer, {"python3.12": Lesson("it needs more", since)}, clock)

        assert compute.placement(attempt, WHOLE).environment.is_lambda is not expected


def test_the_target_of_one_layer_is_not_that_of_another() -> None:
    assert obstacle(spec_of(compute="auto"), Target("3.9", "arm64"), REGION)
