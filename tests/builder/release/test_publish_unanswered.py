"""A publication whose connection ended may still be under way in Lambda."""

from collections.abc import Callable
from typing import Any

import pytest

from builder.aws.layers import LayerVersion
from builder.errors import Unanswered
from tests.builder.conftest import World
from tests.builder.release.test_publish import FastClock, built, published


def test_a_version_that_appears_late_is_waited_for_and_not_doubled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer, now = world.layer(), FastClock()
    artifact, token = built(layer)
    publishing: Callable[..., LayerVersion] = layer.services.layers.publish
    calls: list[Callable[[], LayerVersion]] = []

    def reset(*arguments: Any, **options: Any) -> LayerVersion:
        calls.append(lambda: publishing(*arguments, **options))
        raise Unanswered("the connection was reset", is_open=True)

    def sleep(seconds: float) -> None:
        before, now.time = now.time, now.time + seconds
        if before - 1_700_000_000.0 < 30 <= now.time - 1_700_000_000.0:
            calls[0]()

    monkeypatch.setattr(layer.services.layers, "publish", reset)
    monkeypatch.setattr(now, "sleep", sleep)

    version = published(layer, artifact, token, clock=now.clock())

    assert version.version == 1
    assert (world.versions(), len(calls)) == ([1], 1)
