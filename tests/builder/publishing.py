"""A publisher, and the events it is called for."""

from dataclasses import dataclass
from typing import Any

from builder.layer.layer import Layer
from builder.layer.record import Record
from builder.publisher.function import (
    Publisher,
)
from builder.release.release import Order, advance
from builder.spec.app_spec import AppSpec
from tests.builder.conftest import World, order_of, quick
from tests.patience import wait_until


@dataclass(frozen=True)
class WorldApp(AppSpec):
    """An application whose names are those of the tests' World."""

    @property
    def project(self) -> str:
        return self.name

    def bucket(self, account: str, region: str) -> str:
        return self.name

    def build_role(self, layer: str, region: str) -> str:
        return self.name


def publisher(world: World, notify: str = "", signing_key: str = "") -> Publisher:
    app = WorldApp(world.name, signing_key=signing_key)
    return Publisher(app, world.session, notify, clock=quick())


def ended(build: dict[str, Any]) -> dict[str, Any]:
    """Return the event that a build has ended."""
    return {
        "source": "aws.codebuild",
        "detail-type": "CodeBuild Build State Change",
        "detail": {
            "project-name": build["projectName"],
            "build-id": build["arn"],
            "build-status": build["buildStatus"].replace("IN_PROGRESS", "SUCCEEDED"),
        },
    }


def begin(world: World, layer: Layer | None = None, *, force: bool = False) -> Order:
    """Start a build and leave it, as an apply in async mode does; return once it has ended."""
    layer = layer or world.layer()
    order = order_of(layer, force=force)
    before = len(world.builds())
    with world.held():
        assert advance(layer, order, clock=quick()) is None
    wait_until(lambda: len(world.builds()) > before)
    wait_until(lambda: world.builds()[-1]["buildStatus"] != "IN_PROGRESS")
    return order


def last(world: World) -> dict[str, Any]:
    return ended(world.builds()[-1])


def record(world: World) -> Record:
    found = world.layer().records.load()
    assert found is not None
    return found
