import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from builder.aws.codebuild import BuildState
from builder.builds.start import find_build, finish_build, start_build
from builder.clock import Clock
from builder.errors import AwsError, BuildFailed
from builder.layer.layer import Layer
from builder.layer.token import Token
from tests.builder.conftest import World, quick


def started(layer: Layer, number: int = 1, *, since: int = 0, debug: bool = False) -> str:
    token = Token(layer.fingerprint, number)
    return find_build(layer, token, since=since) or start_build(
        layer, token, since=since, debug=debug, progress=lambda _line: None
    )


def finished(layer: Layer, build_id: str) -> BuildState:
    return finish_build(layer, build_id, progress=lambda _line: None, clock=quick())


def test_a_build_is_started_with_what_the_layer_needs(world: World) -> None:
    layer = world.layer(python=("3.12", "3.13"), architecture="arm64")

    started(layer, debug=True)

    (build,) = world.builds()
    environment = build["environment"]
    variables = {v["name"]: v["value"] for v in environment["environmentVariables"]}
    assert variables["LAYER_NAME"] == "web"
    assert variables["LAYER_TOKEN"] == f"{layer.fingerprint}#1"
    assert variables["LAYER_DEBUG"] == "true"
    assert environment["image"] == "public.ecr.aws/sam/build-python3.13:latest-arm64"
    assert environment["type"] == "ARM_CONTAINER"
    assert build["serviceRole"] == world.role
    assert build["source"]["location"] == f"{world.name}/web/bundles/{layer.fingerprint}.zip"
    finished(layer, build["id"])


def test_a_build_leaves_the_artifact_and_the_inputs_where_they_are_looked_for(
    world: World,
) -> None:
    layer = world.layer()

    state = finished(layer, started(layer))

    assert state.succeeded
    folder = f"web/artifacts/{layer.fingerprint}"
    names = ("layer.zip", "lock-3.12.txt", "manifest.json")
    assert world.keys("web/artifacts/") == [f"{folder}/{name}" for name in names]
    assert layer.recorded_inputs(layer.fingerprint) == layer.inputs


def test_progress_tells_the_bundle_the_build_and_its_phases(world: World) -> None:
    layer = world.layer()
    lines: list[str] = []
    token = Token(layer.fingerprint, 1)

    build_id = start_build(layer, token, since=0, debug=False, progress=lines.append)
    finish_build(layer, build_id, progress=lines.append, clock=quick())

    assert lines[0].startswith("uploading 3 source files (")
    assert lines[1] == f"started build {build_id}"
    assert lines[-1] == f"build {build_id}: completed"


def test_a_bundle_is_uploaded_once_and_by_one(world: World) -> None:
    layers = [world.layer() for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        assert len(set(pool.map(started, layers))) == 1

    versions = world.aws.client("s3").list_object_versions(Bucket=world.name, Prefix="web/bundles/")
    assert len(versions["Versions"]) == 1


def test_a_build_that_runs_is_joined_by_a_later_number(world: World) -> None:
    go = world.root / "go"
    world.behave("wait", str(go))
    first = started(world.layer(), 1)

    assert started(world.layer(), 2) == first
    go.touch()
    finished(world.layer(), first)


def test_a_build_of_before_does_not_do_for_a_forced_rebuild(world: World) -> None:
    go = world.root / "go"
    world.behave("wait", str(go))
    first = started(world.layer(), 1)
    second = started(world.layer(), 2, since=2)

    assert second != first
    assert started(world.layer(), 3, since=2) == second
    go.touch()
    finished(world.layer(), second)
    # A forced rebuild that was forgotten is found again even when it has ended.
    assert started(world.layer(), 3, since=2) == second


def test_an_application_that_was_destroyed_and_made_again_can_build_at_once(world: World) -> None:
    layer = world.layer()
    first = started(layer)
    finished(layer, first)
    world.services.store.delete_all("web/")

    assert started(world.layer()) != first


def test_who_comes_second_with_other_options_joins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = world.root / "go"
    world.behave("wait", str(go))
    second = world.layer()
    recent = second.services.codebuild.recent
    looks: list[str] = []

    def too_early() -> list[BuildState]:
        # The first build is started after the second one looked, and before it starts its own.
        if not looks:
            looks.append(started(world.layer(), debug=True))
            return []
        return recent()

    codebuild = replace(second.services, codebuild=_with(second, too_early))
    second = replace(second, services=codebuild)

    assert started(second, debug=False) == looks[0]
    assert len(world.builds()) == 1
    go.touch()
    finished(second, looks[0])


def _with(layer: Layer, recent: Any) -> Any:
    """Return the layer's CodeBuild with another ``recent``."""
    copy = object.__new__(type(layer.services.codebuild))
    copy.__dict__.update(vars(layer.services.codebuild))
    copy.recent = recent  # type: ignore[method-assign]  # the race cannot be had otherwise
    return copy


def test_an_error_of_codebuild_is_told_when_there_is_nothing_to_join(world: World) -> None:
    layer = world.layer()
    site = replace(layer.site, build_role="arn:aws:iam::123456789012:role/" + "x" * 3)

    layer = replace(layer, site=site)
    with pytest.raises((AwsError, BuildFailed)) as caught:
        finished(layer, started(layer))

    assert caught.value.fix


def test_a_build_that_failed_before_it_had_a_log_is_still_a_failed_build(world: World) -> None:
    layer = world.layer()
    iam = world.aws.client("iam")
    nothing = [{"Effect": "Deny", "Action": "*", "Resource": "*"}]
    iam.put_role_policy(
        RoleName=world.name, PolicyName="p",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": nothing}),
    )  # fmt: skip

    with pytest.raises(BuildFailed) as caught:
        finished(layer, started(layer))

    assert "log group /aws/codebuild/" in caught.value.where
    assert caught.value.what.count("\n  | ") >= 1


def test_a_log_that_may_not_be_read_does_not_hide_the_failure(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.behave("fail")
    layer = world.layer()

    def denied(*_arguments: object) -> list[str]:
        raise AwsError("the credentials may not logs:GetLogEvents")

    monkeypatch.setattr(layer.services.logs, "tail", denied)

    with pytest.raises(BuildFailed, match="its log cannot be read: the credentials may not"):
        finished(layer, started(layer))


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
        finish_build(layer, build_id, progress=print, clock=Clock(now=lambda: time[0], sleep=sleep))

    assert f"stop-build --id {build_id}" in caught.value.fix
    go.touch()
