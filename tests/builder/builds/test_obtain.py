import io
import json
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from builder.errors import ArtifactError, BuildFailed
from builder.layer.record import Release
from builder.release.plan import plan
from builder.release.release import advance, ensure
from tests.builder.conftest import World, order_of, quick
from tests.patience import PATIENCE, wait_until

BOTH = ("3.12", "3.13")


def release(world: World, *, force: bool = False) -> Release:
    return world.release(world.layer(python=BOTH), force=force)


def kinds(world: World, status: str = "") -> list[str]:
    """Return what the builds so far were for, oldest first; only those with a status if named."""
    found = []
    for build in world.builds():
        variables = {v["name"]: v["value"] for v in build["environment"]["environmentVariables"]}
        kind = "merge" if "LAYER_MERGE" in variables else variables.get("LAYER_TARGET", "whole")
        if status in ("", build["buildStatus"]):
            found.append(kind)
    return found


def by_kind(world: World) -> dict[str, dict[str, Any]]:
    return dict(zip(kinds(world), world.builds(), strict=True))


# The good days


def test_a_layer_with_one_target_takes_one_build(world: World) -> None:
    world.release()

    assert kinds(world) == ["whole"]


def test_each_target_is_built_on_its_own_image_and_then_merged(world: World) -> None:
    done = release(world)

    assert kinds(world) == ["python3.12", "python3.13", "merge"]
    builds = by_kind(world)
    for runtime in ("python3.12", "python3.13"):
        environment = builds[runtime]["environment"]
        assert environment["image"] == f"public.ecr.aws/sam/build-{runtime}:latest-arm64"
        assert environment["type"] == "ARM_CONTAINER"
    assert {build["cache"]["type"] for build in builds.values()} == {"NO_CACHE"}
    assert done.build_id == builds["merge"]["id"]
    assert done.builds == {
        "python3.12": builds["python3.12"]["id"],
        "python3.13": builds["python3.13"]["id"],
    }
    content = world.read(f"web/artifacts/{done.fingerprint}/layer.zip")
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == [
        "python/lib/python3.12/site-packages/made.py",
        "python/lib/python3.13/site-packages/made.py",
    ]


def test_the_merge_gets_exactly_the_parts_that_were_found(world: World) -> None:
    done = release(world)

    merge = by_kind(world)["merge"]
    folder = f"web/built/{done.fingerprint}/parts"
    for runtime in ("python3.12", "python3.13"):
        part = world.services.store.head(f"{folder}/{runtime}/part.zip")
        assert part is not None
        name = runtime.replace(".", "_")
        source = {"type": "S3", "location": f"{world.name}/{part.key}", "sourceIdentifier": name}
        assert source in merge["secondarySources"]
        version = {"sourceIdentifier": name, "sourceVersion": part.version}
        assert version in merge["secondarySourceVersions"]


def test_all_targets_are_built_at_the_same_time(world: World) -> None:
    go = world.root / "go"
    world.behave("wait", str(go))
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(release, world)
        wait_until(lambda: kinds(world, "IN_PROGRESS") == ["python3.12", "python3.13"])
        assert plan(world.layer(python=BOTH)).status == "building"
        go.touch()
        assert run.result(PATIENCE).version == 1


def test_parts_that_are_there_are_merged_again_without_being_built(world: World) -> None:
    first = release(world)
    world.delete(f"web/artifacts/{first.fingerprint}/manifest.json")
    world.delete(f"web/built/{first.fingerprint}/manifest.json")

    release(world)

    assert kinds(world) == ["python3.12", "python3.13", "merge", "merge"]


def test_several_at_once_make_one_build_for_each_target_and_one_merge(world: World) -> None:
    order = order_of(world.layer(python=BOTH))
    together = threading.Barrier(3)

    def run(_: int) -> Release:
        layer = world.layer(python=BOTH)
        together.wait(PATIENCE)
        return ensure(layer, order, clock=quick())

    with ThreadPoolExecutor(3) as pool:
        releases = list(pool.map(run, range(3)))

    assert len({release.layer_arn for release in releases}) == 1
    assert sorted(kinds(world)) == ["merge", "python3.12", "python3.13"]
    assert world.versions() == [1]


def test_equal_merges_are_one_build_whichever_parts_were_there(world: World) -> None:
    """The parts of a merge are named in the order of the targets, not as they came to be."""
    world.obey("fail", "on:python3.12")
    with pytest.raises(BuildFailed):
        release(world)
    world.obey("well")
    release(world)

    sources = by_kind(world)["merge"]["secondarySources"]
    assert [source["sourceIdentifier"] for source in sources] == ["python3_12", "python3_13"]


def test_progress_names_the_targets(world: World) -> None:
    layer = world.layer(python=BOTH)
    lines: list[str] = []

    ensure(layer, order_of(layer), progress=lines.append, clock=quick())

    ids = {kind: build["id"] for kind, build in by_kind(world).items()}
    assert f"python3.12: started build {ids['python3.12']}" in lines
    assert f"python3.13: build {ids['python3.13']}: completed" in lines
    assert f"started build {ids['merge']}" in lines
    assert sum(line.startswith("uploading") for line in lines) == 1


# Failures


def test_a_failed_target_is_named_and_the_other_is_not_built_again(world: World) -> None:
    world.obey("fail", "on:python3.13")
    with pytest.raises(BuildFailed, match=r"of layer 'web' for python3\.13 failed") as caught:
        release(world)
    assert "no such package: unobtainium" in caught.value.what
    planned = plan(world.layer(python=BOTH))
    assert planned.status == "failed"
    assert "for python3.13 failed" in planned.reason

    world.obey("well")
    assert release(world).version == 1

    assert kinds(world) == ["python3.12", "python3.13", "python3.13", "merge"]


def test_all_targets_that_failed_are_named_at_once(world: World) -> None:
    world.obey("fail")

    with pytest.raises(BuildFailed, match=r"for python3\.12, python3\.13 failed") as caught:
        release(world)

    assert caught.value.what.count("  | no such package: unobtainium\n") == 2
    world.obey("well")
    assert release(world).version == 1
    assert kinds(world)[2:] == ["python3.12", "python3.13", "merge"]


def test_a_failed_merge_is_repeated_and_nothing_else(world: World) -> None:
    world.obey("fail", "on:merge")
    with pytest.raises(BuildFailed, match="the merge of layer 'web' failed"):
        release(world)

    world.obey("well")
    assert release(world).version == 1

    assert kinds(world) == ["python3.12", "python3.13", "merge", "merge"]


def test_a_build_that_leaves_no_part_is_a_failure_that_names_its_target(world: World) -> None:
    world.obey("nothing", "on:python3.12")
    with pytest.raises(ArtifactError, match=r"left no part for python3\.12") as caught:
        release(world)
    assert caught.value.where.endswith("/parts/python3.12/")

    world.obey("well")
    assert release(world).version == 1
    assert kinds(world) == ["python3.12", "python3.13", "python3.12", "merge"]


def test_a_part_that_contradicts_its_receipt_is_built_again(world: World) -> None:
    first = release(world)
    folder = f"web/built/{first.fingerprint}"
    world.delete(f"web/artifacts/{first.fingerprint}/manifest.json")
    world.delete(f"{folder}/manifest.json")
    world.put(f"{folder}/parts/python3.13/part.zip", b"cut off")

    release(world)

    assert kinds(world)[3:] == ["python3.13", "merge"]


def test_a_failure_that_no_one_saw_keeps_the_other_target_too(world: World) -> None:
    world.obey("fail", "on:python3.13")
    layer = world.layer(python=BOTH)
    with world.held():
        assert advance(layer, order_of(layer)) is None
    wait_until(lambda: kinds(world, "IN_PROGRESS") == [])
    assert plan(layer).status == "failed"

    world.obey("well")
    assert release(world).version == 1

    assert kinds(world) == ["python3.12", "python3.13", "python3.13", "merge"]


# Forced


def test_a_forced_rebuild_makes_every_part_anew(world: World) -> None:
    first = release(world)
    second = release(world, force=True)

    assert (first.version, second.version) == (1, 2)
    assert kinds(world) == ["python3.12", "python3.13", "merge"] * 2
    assert not set(first.builds.values()) & set(second.builds.values())


def test_a_forced_rebuild_that_failed_for_one_target_keeps_what_it_made_for_the_other(
    world: World,
) -> None:
    world.obey("well")
    release(world)
    (world.root / "told").write_text("fail on:python3.12")
    with pytest.raises(BuildFailed, match=r"for python3\.12 failed"):
        release(world, force=True)
    (world.root / "told").write_text("well")

    assert release(world, force=True).version == 2

    assert kinds(world)[3:] == ["python3.12", "python3.13", "python3.12", "merge"]


# Without waiting


def test_who_does_not_wait_starts_all_and_goes_on_when_they_have_ended(world: World) -> None:
    go = world.root / "go"
    world.behave("wait", str(go))
    layer = world.layer(python=BOTH)
    order = order_of(layer)

    assert advance(layer, order) is None
    assert kinds(world) == ["python3.12", "python3.13"]
    assert advance(layer, order) is None
    assert kinds(world) == ["python3.12", "python3.13"]
    go.touch()
    wait_until(lambda: kinds(world, "SUCCEEDED") == ["python3.12", "python3.13"])
    with world.held():
        assert advance(layer, order) is None
    assert kinds(world) == ["python3.12", "python3.13", "merge"]
    wait_until(lambda: kinds(world, "IN_PROGRESS") == [])
    done = advance(layer, order)

    assert done is not None
    assert done.version == 1


def test_who_does_not_wait_is_reported_of_a_failure_once_all_have_ended(world: World) -> None:
    go = world.root / "go"
    world.behave("wait", str(go), "on:python3.12")
    layer = world.layer(python=("3.12", "3.13"))
    order = order_of(layer)
    assert advance(layer, order) is None
    wait_until(lambda: kinds(world, "SUCCEEDED") == ["python3.13"])

    assert advance(layer, order) is None
    world.services.codebuild.stop(by_kind(world)["python3.12"]["id"])

    with pytest.raises(BuildFailed, match=r"for python3\.12 failed: .*STOPPED"):
        advance(layer, order)
    record = json.loads(world.read("web/record.json"))
    assert record["attempt"]["failed"] == ["python3.12"]
