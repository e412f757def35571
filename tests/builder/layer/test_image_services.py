from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from builder.aws.tasks import Clusters
from builder.layer.connected import services_at
from builder.layer.image_services import services_with
from builder.layer.layer import Layer
from builder.operations.retire import Retirement, retire
from builder.release.prune import pruning_of
from tests.builder.conftest import World
from tests.builder.layer.test_image_versions import base as base
from tests.builder.layer.test_image_versions import image_layer, pushed
from tests.registry import Registry

OLD, NEW = (f"shop/server@sha256:{n * 64}" for n in ("1", "2"))
KNOWN = {OLD: "arn:server:1", NEW: "arn:server:2"}


class Some:
    """Clusters and task definitions that a test names."""

    def names(self, prefix: str) -> list[str]:
        assert prefix == "shop-"
        return ["shop-chroma", "shop-other"]

    def startable(self, prefix: str) -> Iterator[tuple[str, Sequence[str]]]:
        assert prefix == "shop-"
        yield "shop-chroma", [f"one.dkr.ecr.eu-west-1.amazonaws.com/{NEW}"]
        yield "shop-other", ["public.ecr.aws/x/y:1"]
        yield "shop-gone", [f"one.dkr.ecr.eu-west-1.amazonaws.com/{OLD}"]

    def running(self, prefix: str) -> Iterator[tuple[str, Sequence[str]]]:
        assert prefix == "shop-"
        yield "shop-chroma", [f"one.dkr.ecr.eu-west-1.amazonaws.com/{OLD}", OLD.partition("@")[2]]


def test_what_runs_and_what_will_run_next_have_the_images() -> None:
    found = list(services_with(cast("Clusters", Some()), "shop", KNOWN))

    assert [(str(use), use.version) for use in found] == [
        ("the next task of service chroma", 2),
        ("a task of service chroma", 1),
    ]
    assert not any(use.is_latest for use in found)


def of_service(world: World, base: Registry) -> Layer:
    """Return the layer web as the image of a service."""
    layer = image_layer(world, base)
    spec = replace(layer.spec, supervisor=True)
    return replace(layer, spec=spec, services=services_at(spec, layer.site, world.services))


@pytest.mark.parametrize("named", ["image_uri", "image_by_tag"])
def test_an_image_that_tasks_can_be_started_from_is_neither_pruned_nor_retired(
    world: World, base: Registry, named: str
) -> None:
    first = world.release(of_service(world, base))
    world.edit()
    world.release(of_service(world, base))
    ecs: Any = world.aws.client("ecs")
    container = {"name": "service", "image": getattr(first, named)}
    ecs.register_task_definition(family=f"{world.name}-chroma", containerDefinitions=[container])
    ecs.create_cluster(clusterName=f"{world.name}-chroma")
    layer = of_service(world, base)

    found = {v.version: v.stays for v in pruning_of(layer, 1).verdicts}
    assert found == {1: "used by the next task of service chroma", 2: "current"}
    site = layer.site
    place = (site.layer_name, site.bucket, site.region, site.account)
    retirement = Retirement("web", *place, world.services.functions.session.credentials)
    said: list[str] = []
    retire(world.services, retirement, progress=said.append)
    assert pushed(world) == [f"{first.fingerprint}-1"]
    assert any("used by the next task of service chroma" in line for line in said)

    # Terraform may take the task definition after the images, and the cluster before them.
    ecs.delete_cluster(cluster=f"{world.name}-chroma")
    retire(world.services, retirement, progress=said.append)
    assert pushed(world) == []
