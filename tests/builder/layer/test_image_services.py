from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

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

    def startable(self, prefix: str) -> Iterator[tuple[str, Sequence[str]]]:
        assert prefix == "shop-"
        yield "shop-chroma", [f"one.dkr.ecr.eu-west-1.amazonaws.com/{NEW}"]
        yield "shop-other", ["public.ecr.aws/x/y:1"]

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


def test_an_image_that_tasks_can_be_started_from_is_neither_pruned_nor_retired(
    world: World, base: Registry
) -> None:
    first = world.release(of_service(world, base))
    world.edit()
    world.release(of_service(world, base))
    ecs: Any = world.aws.client("ecs")
    container = {"name": "service", "image": first.image_uri}
    definition = ecs.register_task_definition(
        family=f"{world.name}-chroma", containerDefinitions=[container]
    )["taskDefinition"]["taskDefinitionArn"]
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

    ecs.deregister_task_definition(taskDefinition=definition)
    retire(world.services, retirement, progress=said.append)
    assert pushed(world) == []
