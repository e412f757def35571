import json
from dataclasses import replace

import pytest

from builder.builds.artifact import Package
from builder.errors import ArtifactError, LayerError
from builder.layer.record import Release
from builder.operations.diff import compare, difference
from tests.builder.conftest import World
from tests.builder.remembered import release_of

OLD = [Package("idna", "3.1", 100), Package("rich", "14", 500), Package("six", "1", 10)]
NEW = [Package("idna", "3.2", 150), Package("attrs", "25", 70), Package("six", "1", 10)]


def test_packages_that_differ_are_named_and_the_others_are_not() -> None:
    found = {c.name: (c.kind, c.before, c.after, c.size_before, c.size_after)
             for c in compare(OLD, NEW)}  # fmt: skip

    assert found == {
        "attrs": ("added", "", "25", 0, 70),
        "idna": ("changed", "3.1", "3.2", 100, 150),
        "rich": ("removed", "14", "", 500, 0),
    }


def test_the_same_version_of_another_size_is_reported() -> None:
    (found,) = compare([Package("numpy", "2", 5)], [Package("numpy", "2", 4)])

    assert (found.kind, found.size_before, found.size_after) == ("resized", 5, 4)


def test_a_package_of_several_runtimes_may_have_several_versions() -> None:
    old = [Package("numpy", "2.0", 5), Package("numpy", "2.2", 6)]
    (found,) = compare(old, [Package("numpy", "2.2", 6)])

    assert (found.kind, found.before, found.after) == ("changed", "2.0, 2.2", "2.2")
    assert (found.size_before, found.size_after) == (11, 6)


def released(world: World, number: int, packages: list[Package]) -> Release:
    """Remember a release with these packages."""
    arn = f"{world.layer().site.layer_arn}:{number}"
    release = replace(release_of(number, f"{number}" * 64), layer_arn=arn)
    manifest = {
        "schema": 1, "fingerprint": release.fingerprint, "code_sha256": "x", "unzipped_size": 2,
        "zipped_size": 1, "packages": [p.__dict__ for p in packages], "build_id": "b",
    }  # fmt: skip
    world.put(f"web/artifacts/{release.fingerprint}/manifest.json", json.dumps(manifest).encode())
    world.layer().records.change(lambda record: record.published(release))
    return release


def test_the_two_last_releases_are_compared_unless_others_are_named(world: World) -> None:
    first, second, third = (
        released(world, 1, []), released(world, 2, OLD), released(world, 3, NEW)
    )  # fmt: skip
    layer = world.layer()

    last = difference(layer, [])
    assert (last.old, last.new, last.packages) == (second, third, compare(OLD, NEW))
    assert (difference(layer, [1]).old, difference(layer, [1]).new) == (first, third)
    named = difference(layer, [3, 1])
    assert (named.old, named.new, len(named.packages)) == (third, first, 3)


def test_one_release_cannot_be_compared(world: World) -> None:
    released(world, 1, [])

    with pytest.raises(LayerError, match="has one release, and two are compared"):
        difference(world.layer(), [])
    with pytest.raises(LayerError, match="has no releases, and two are compared"):
        difference(world.layer("other"), [])


def test_a_version_that_is_no_release_is_refused_with_those_that_are(world: World) -> None:
    released(world, 1, [])
    released(world, 2, [])

    with pytest.raises(LayerError, match="version 7 is no release") as caught:
        difference(world.layer(), [7])
    assert caught.value.expected == "one of the versions 1, 2"


def test_a_manifest_that_is_gone_is_named(world: World) -> None:
    first = released(world, 1, [])
    released(world, 2, [])
    key = f"web/artifacts/{first.fingerprint}/manifest.json"
    world.delete(key)

    with pytest.raises(ArtifactError, match=r"the manifest of version 1 .* is gone") as caught:
        difference(world.layer(), [])
    assert caught.value.where == f"s3://{world.name}/{key}"
