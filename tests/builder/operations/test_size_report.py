import json
from typing import Any

import pytest

from builder.errors import ArtifactError, LayerError
from builder.layer.record import Release
from builder.operations.size_report import published
from tests.builder.conftest import World


def rewrite(world: World, release: Release, packages: list[dict[str, Any]]) -> None:
    """Put other packages into the manifest that is kept of a release."""
    layer = world.layer()
    key = layer.keys.verified.manifest(release.fingerprint)
    stored = layer.services.store.read(key)
    assert stored is not None
    document = {**json.loads(stored.content), "packages": packages}
    layer.services.store.write(key, json.dumps(document).encode(), "application/json")


def test_the_current_release_is_described_by_its_manifest(world: World) -> None:
    release = world.release()
    found = published(world.layer())
    assert found.release == release
    assert [(p.name, p.version, p.size) for p in found.packages] == [("made", "1", 100)]
    assert found.licences == {("made", "1"): ""}
    assert (found.before, found.changes) == (None, ())
    assert set(found.documents) == {"manifest.json", "lock-3.12.txt"}
    assert all(release.fingerprint in url for url in found.documents.values())


def test_what_changed_since_the_release_before_is_shown(world: World) -> None:
    first = world.release()
    world.edit()
    second = world.release()
    rewrite(world, first, [{"name": "made", "version": "1", "size": 100, "license": "MIT"}])
    rewrite(
        world,
        second,
        [
            {"name": "made", "version": "2", "size": 150, "license": "MIT"},
            {"name": "more", "version": "1", "size": 7, "license": "BSD-3-Clause"},
        ],
    )
    found = published(world.layer())
    assert found.before == first
    changes = [(c.kind, c.name, c.size_after - c.size_before) for c in found.changes]
    assert changes == [("changed", "made", 50), ("added", "more", 7)]
    assert found.licences["more", "1"] == "BSD-3-Clause"
    older = published(world.layer(), first.version)
    assert (older.release, older.before) == (first, None)


def test_what_is_not_there_is_said_so(world: World) -> None:
    with pytest.raises(LayerError, match="has no release yet"):
        published(world.layer())
    release = world.release()
    with pytest.raises(LayerError, match="version 7 is no release"):
        published(world.layer(), 7)
    layer = world.layer()
    layer.services.store.delete_all(layer.keys.verified.manifest(release.fingerprint))
    with pytest.raises(ArtifactError, match="the manifest of version 1 of layer 'web' is gone"):
        published(world.layer())
