from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from builder.aws.codebuild import BuildState
from builder.builds.start import start_build
from builder.errors import AwsError, BuildFailed
from builder.layer.layer import Layer
from builder.layer.token import Token
from tests.builder.building import finished, started
from tests.builder.conftest import World, quick


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


def test_a_build_takes_the_image_that_was_pinned_and_the_version_of_its_runtime(
    world: World,
) -> None:
    digest = f"sha256:{'9f' * 32}"
    name = "public.ecr.aws/sam/build-python3.12"
    layer = world.layer(images=(f"python3.12-arm64={name}:latest-arm64@{digest}",))

    state = finished(layer, started(layer))

    assert state.succeeded
    (build,) = world.builds()
    # CodeBuild takes a tag or a digest.
    assert build["environment"]["image"] == f"{name}@{digest}"
    assert layer.fingerprint != world.layer().fingerprint


def test_a_build_leaves_the_artifact_and_the_inputs_where_they_are_looked_for(
    world: World,
) -> None:
    layer = world.layer()

    state = finished(layer, started(layer))

    assert state.succeeded
    folder = f"web/built/{layer.fingerprint}"
    names = ("layer.zip", "lock-3.12.txt", "manifest.json")
    assert world.keys("web/built/") == [f"{folder}/{name}" for name in names]
    assert layer.recorded_inputs(layer.fingerprint) == layer.inputs


def test_progress_shows_the_bundle_the_build_and_its_phases(world: World) -> None:
    layer = world.layer()
    lines: list[str] = []
    token = Token(layer.fingerprint, 1)

    build_id = start_build(layer, token, debug=False, progress=lines.append, clock=quick()).id
    finished(layer, build_id, progress=lines.append)

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


def test_an_error_of_codebuild_is_reported_when_there_is_nothing_to_join(world: World) -> None:
    layer = world.layer()
    site = replace(layer.site, build_role="arn:aws:iam::123456789012:role/" + "x" * 3)

    layer = replace(layer, site=site)
    with pytest.raises((AwsError, BuildFailed)) as caught:
        finished(layer, started(layer))

    assert caught.value.fix
