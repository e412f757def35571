from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from builder.errors import ArtifactError
from builder.images.errors import ImageError
from builder.images.order import Order
from builder.protocol.variables import PUSH_VARIABLE
from builder.pusher import __main__ as program
from builder.pusher.image import carry_out
from tests.builder.conftest import World
from tests.builder.images.test_layer import archive
from tests.registry import Registry

TAG = f"{'0' * 64}-1"


@pytest.fixture
def base() -> Iterator[Registry]:
    """A registry with what images are built on."""
    with Registry().serving() as registry:
        registry.index("python", "3", files={"usr/bin/python3": b"an interpreter"})
        yield registry


@pytest.fixture
def order(world: World, base: Registry, tmp_path: Path) -> Order:
    """An order for a zip in the bucket, into a repository that is there."""
    ecr: Any = world.aws.client("ecr")
    ecr.create_repository(repositoryName=f"{world.name}/web", imageTagMutability="IMMUTABLE")
    content = archive(tmp_path / "layer.zip", {"python/tool.py": b"x = 1\n"}).read_bytes()
    world.put("web/artifacts/0/layer.zip", content)
    head = world.services.store.head("web/artifacts/0/layer.zip")
    assert head is not None
    return Order(
        token=f"{'0' * 64}#1",
        app=world.name,
        bucket=world.name,
        key=head.key,
        version=head.version,
        code_sha256=base64.b64encode(hashlib.sha256(content).digest()).decode(),
        repository=f"{world.name}/web",
        tag=TAG,
        python="3.12",
        architecture="arm64",
        base=f"{base.host}/python:3",
    )


def tags(world: World) -> list[str]:
    ecr: Any = world.aws.client("ecr")
    found = ecr.describe_images(repositoryName=f"{world.name}/web")["imageDetails"]
    return [tag for image in found for tag in image.get("imageTags", ())]


def push(world: World, order: Order) -> str:
    said: list[str] = []
    found = carry_out(order, world.services.store, world.services.registries, said.append)
    assert said
    return found.reference.digest


def test_an_order_is_carried_out_once(world: World, order: Order) -> None:
    first = push(world, order)

    assert tags(world) == [TAG]
    # The base is not asked again, nor the zip: what is there is enough.
    assert push(world, replace(order, key="gone", base="nowhere.example.com/x")) == first


def test_the_version_that_was_verified_is_pushed_and_no_later_one(
    world: World, order: Order
) -> None:
    world.put(order.key, b"not the zip")

    push(world, order)
    assert tags(world) == [TAG]


def test_another_zip_than_the_verified_one_is_not_pushed(world: World, order: Order) -> None:
    with pytest.raises(ArtifactError, match="the artifact has SHA-256"):
        push(world, replace(order, code_sha256="other"))
    assert tags(world) == []


def test_an_image_of_another_zip_under_the_tag_is_refused(world: World, order: Order) -> None:
    push(world, order)

    with pytest.raises(ArtifactError, match="has other bytes"):
        push(world, replace(order, code_sha256="other"))


def test_a_base_that_is_not_there_is_said(world: World, order: Order) -> None:
    with pytest.raises(ImageError, match="there is no image"):
        push(world, replace(order, base=f"{order.base}.gone"))


def test_the_program_says_how_it_ended(
    world: World, order: Order, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "builder.pusher")

    assert program.main({PUSH_VARIABLE: order.to_json()}) == 0
    assert caplog.messages[-1].startswith("pushed ")
    assert program.main({PUSH_VARIABLE: replace(order, code_sha256="x").to_json()}) == 1
    assert caplog.messages[-1].startswith("ERROR: an image of this approval is there")
    assert program.main({}) == 1
