import json
from typing import Any

import pytest

from builder.builds.part import Part, find_part
from builder.errors import ArtifactError
from builder.protocol.keys import LayerKeys
from tests.builder.conftest import World

FINGERPRINT = "a" * 64
FOLDER = f"web/built/{FINGERPRINT}/parts/python3.12"
RECEIPT = {
    "schema": 1,
    "fingerprint": FINGERPRINT,
    "target": "python3.12",
    "size": 4,
    "build_id": "web:1",
    "manifest_sha256": "b" * 64,
}


def put(world: World, **changed: Any) -> None:
    world.put(f"{FOLDER}/part.zip", b"part")
    world.put(f"{FOLDER}/part.json", json.dumps({**RECEIPT, **changed}).encode())


def find(world: World, runtime: str = "python3.12") -> Part | None:
    return find_part(world.services.store, LayerKeys("web"), FINGERPRINT, runtime)


def test_a_whole_part_is_found_at_its_version(world: World) -> None:
    put(world)

    part = find(world)

    head = world.services.store.head(f"{FOLDER}/part.zip")
    assert head is not None
    receipt = json.dumps(RECEIPT).encode()
    key = f"{FOLDER}/part.zip"
    assert part == Part("python3.12", key, head.version, "web:1", "b" * 64, receipt)
    assert find(world, "python3.13") is None


@pytest.mark.parametrize("name", ["part.zip", "part.json"])
def test_half_a_part_is_none(world: World, name: str) -> None:
    put(world)
    world.delete(f"{FOLDER}/{name}")

    assert find(world) is None


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"size": 5}, "part.zip has 4 bytes, part.json says 5"),
        ({"fingerprint": "b" * 64}, "it is of python3.12, fingerprint bbb"),
        ({"target": "python3.13"}, "it is of python3.13"),
        ({"schema": 2}, "it has schema 2"),
    ],
)
def test_a_part_that_contradicts_its_receipt_is_an_error(
    world: World, changed: dict[str, Any], why: str
) -> None:
    put(world, **changed)

    with pytest.raises(ArtifactError, match=r"the part for python3\.12") as caught:
        find(world)

    assert why in caught.value.what
    assert caught.value.where == f"s3://{world.name}/{FOLDER}/part.json"


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"3"])
def test_a_receipt_that_cannot_be_read_is_an_error(world: World, content: bytes) -> None:
    put(world)
    world.put(f"{FOLDER}/part.json", content)

    with pytest.raises(ArtifactError, match="it cannot be read"):
        find(world)
