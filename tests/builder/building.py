"""Builds for tests: start one or join it, and wait until it has ended."""

from __future__ import annotations

from collections.abc import Callable

from builder.aws.codebuild import BuildState
from builder.builds.start import Job, find_build, start_build
from builder.builds.wait import finish_builds
from builder.clock import Clock
from builder.layer.layer import Layer
from builder.layer.token import Token
from tests.builder.conftest import quick


def started(layer: Layer, number: int = 1, *, since: int = 0, debug: bool = False) -> str:
    """Return the id of a build, found or started, that makes the layer's artifact."""
    token = Token(layer.fingerprint, number)
    job = Job(since=since)
    return (
        find_build(layer, token, job)
        or start_build(
            layer, token, job, debug=debug, progress=lambda _line: None, clock=quick()
        ).id
    )


def finished(
    layer: Layer,
    build_id: str,
    *,
    progress: Callable[[str], None] = lambda _line: None,
    clock: Clock | None = None,
) -> BuildState:
    """Return a build once it has ended; raise BuildFailed unless it succeeded."""
    _, failed = finish_builds(layer, {"": build_id}, progress=progress, clock=clock or quick())
    if failed:
        raise failed[""]
    state = layer.services.codebuild.state(build_id)
    assert state is not None
    return state
