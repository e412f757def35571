from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from builder.images import manifest
from builder.images.errors import ImageError
from builder.images.layer import Layer
from builder.images.manifest import DOCKER_MANIFEST, OCI_MANIFEST, Descriptor, Manifest

DIGEST = "sha256:" + "0a" * 32
LAYER = Layer(Path("unused"), "sha256:" + "0b" * 32, 10, "sha256:" + "0c" * 32, 20)
OWN = "application/vnd.oci.image.layer.v1.tar+gzip"
BASE = Manifest(OCI_MANIFEST, Descriptor("", DIGEST, 5), (Descriptor(OWN, DIGEST, 7),))


def config(**changes: Any) -> bytes:
    document = {
        "architecture": "arm64",
        "os": "linux",
        "created": "2026-01-01T00:00:00Z",
        "config": {"Env": ["PATH=/usr/bin:/bin", "LANG=C"], "Cmd": ["sh"], "WorkingDir": "/w"},
        "rootfs": {"type": "layers", "diff_ids": [DIGEST]},
        "history": [{"created_by": "base"}],
    }
    return json.dumps({**document, **changes}).encode()


def composed(base: Manifest = BASE, content: bytes = b"", **changes: Any) -> manifest.Written:
    arguments: dict[str, Any] = {
        "layer": LAYER,
        "architecture": "arm64",
        "paths": {"PATH": "/opt/bin", "PYTHONPATH": "/opt/python"},
        "labels": {"made-of": "x"},
        "where": "base",
    }
    return manifest.compose(base, content or config(), **{**arguments, **changes})


def test_a_layer_is_added_and_the_rest_stays() -> None:
    written = composed()
    document = json.loads(written.config)
    assert document["rootfs"]["diff_ids"] == [DIGEST, LAYER.diff_id]
    assert document["created"] == "2026-01-01T00:00:00Z"
    assert len(document["history"]) == 2
    assert document["config"]["Cmd"] == ["sh"]
    assert document["config"]["WorkingDir"] == "/w"
    assert document["config"]["Labels"] == {"made-of": "x"}
    assert document["config"]["Env"] == [
        "PATH=/opt/bin:/usr/bin:/bin",
        "LANG=C",
        "PYTHONPATH=/opt/python",
    ]
    made = json.loads(written.manifest)
    assert made["config"]["digest"] == manifest.digest_of(written.config)
    assert [each["digest"] for each in made["layers"]] == [DIGEST, LAYER.digest]
    assert (
        manifest.read_manifest(written.manifest, written.media_type, "made").layers[0]
        == (BASE.layers[0])
    )


def test_what_is_on_a_path_already_moves_to_its_front() -> None:
    env = {"Env": ["PATH=/usr/bin:/opt/bin:/bin"]}
    written = composed(content=config(config=env))
    assert "PATH=/opt/bin:/usr/bin:/bin" in json.loads(written.config)["config"]["Env"]


def test_an_image_is_of_the_kind_of_its_base() -> None:
    kind = "application/vnd.docker.image.rootfs.diff.tar.gzip"
    base = Manifest(DOCKER_MANIFEST, BASE.config, (Descriptor(kind, DIGEST, 7),))
    made = json.loads(composed(base).manifest)
    assert made["mediaType"] == DOCKER_MANIFEST
    assert made["config"]["mediaType"] == "application/vnd.docker.container.image.v1+json"
    assert {each["mediaType"] for each in made["layers"]} == {kind}


@pytest.mark.parametrize("empty", [{"config": None}, {"config": {"Env": None, "Labels": None}}])
def test_a_base_that_says_nothing_of_how_it_runs_is_taken(empty: dict[str, Any]) -> None:
    document = json.loads(composed(content=config(**empty)).config)
    assert document["config"]["Env"] == ["PATH=/opt/bin", "PYTHONPATH=/opt/python"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"architecture": "amd64"}, "for linux/amd64"),
        ({"os": "windows"}, "for windows/arm64"),
        ({"rootfs": {"type": "layers", "diff_ids": []}}, "other layers"),
        ({"rootfs": {"type": "layers"}}, "cannot be read"),
        ({"config": {"Env": [1]}}, "cannot be read"),
        ({"history": "text"}, "cannot be read"),
        ({"history": [1]}, "cannot be read"),
    ],
)
def test_a_base_that_contradicts_itself_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ImageError, match=why):
        composed(content=config(**changes))


def test_a_base_with_too_many_layers_is_refused() -> None:
    many = replace(BASE, layers=BASE.layers * 127)
    content = config(rootfs={"type": "layers", "diff_ids": [DIGEST] * 127})
    with pytest.raises(ImageError, match="none can be added"):
        composed(many, content)


def index(*platforms: tuple[str, str]) -> bytes:
    entries = [
        {
            "mediaType": OCI_MANIFEST,
            "digest": f"sha256:{number:064x}",
            "size": 1,
            "platform": {"os": os, "architecture": machine},
        }
        for number, (os, machine) in enumerate(platforms)
    ]
    return json.dumps({"schemaVersion": 2, "manifests": entries}).encode()


def test_the_image_of_the_architecture_is_chosen() -> None:
    found = index(("unknown", "unknown"), ("linux", "amd64"), ("linux", "arm64"))
    assert manifest.choose(found, "arm64", "base").digest.endswith("2")
    assert manifest.choose(found, "x86_64", "base").digest.endswith("1")


def test_an_architecture_that_a_base_lacks_is_named_with_what_it_has() -> None:
    with pytest.raises(ImageError, match="no image for linux/arm64") as caught:
        manifest.choose(index(("linux", "amd64"), ("linux", "s390x")), "arm64", "base")
    assert caught.value.expected == "linux/amd64, linux/s390x"


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        ({"mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"}, "of type"),
        ({"digest": "sha256:../../x"}, "describes nothing"),
        ({"digest": "md5:00"}, "describes nothing"),
        ({"size": -1}, "describes nothing"),
        ({"size": "1"}, "cannot be read"),
    ],
)
def test_a_manifest_that_cannot_be_copied_is_refused(layer: dict[str, Any], why: str) -> None:
    right = {"mediaType": OWN, "digest": DIGEST, "size": 1}
    content = json.dumps({"config": right, "layers": [{**right, **layer}]}).encode()
    with pytest.raises(ImageError, match=why):
        manifest.read_manifest(content, OCI_MANIFEST, "base")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"config": 1, "layers": []}'])
def test_what_is_no_manifest_is_refused(content: bytes) -> None:
    with pytest.raises(ImageError, match="cannot be read"):
        manifest.read_manifest(content, OCI_MANIFEST, "base")
    with pytest.raises(ImageError, match="of type 'text/html'"):
        manifest.read_manifest(content, "text/html", "base")
