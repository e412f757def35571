"""Where the time of a layer's last releases went: their builds' phases, and the steps after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from builder.aws.codebuild import BuildState
from builder.layer.record import Record
from builder.layer.steps import Steps
from builder.operations.status import Status

SHOWN_RELEASES = 3
"""Releases whose builds are shown."""


@dataclass(frozen=True)
class BuildTiming:
    """One build: what it was for, and the seconds of each phase by CodeBuild's name.

    ``environment`` and ``image`` say where it ran, ``seconds`` how long from start to end.
    """

    purpose: str
    build_id: str
    status: str
    environment: str
    image: str
    phases: Mapping[str, float]
    seconds: float


@dataclass(frozen=True)
class Timing:
    """The last builds of a layer, newest first, and the steps after the last of them.

    ``version`` is the layer version that ``steps`` led to. ``gone`` are builds that CodeBuild no
    longer knows: it keeps them for a year.
    """

    layer: str
    builds: tuple[BuildTiming, ...] = ()
    version: int | None = None
    steps: Steps | None = None
    gone: tuple[str, ...] = ()


def timing_of(status: Status) -> Timing:
    """Return how long the builds of a layer's last releases and of its open attempt took."""
    record = status.record
    wanted = _wanted(record)
    states = {state.id: state for state in status.layer.services.codebuild.states(wanted)}
    builds = [_timing(purpose, states[id_]) for id_, purpose in wanted.items() if id_ in states]
    gone = tuple(id_ for id_ in wanted if id_ not in states)
    steps = record.steps
    released = [r.version for r in record.all_releases if steps and r.number == steps.number]
    return Timing(
        status.layer.name,
        tuple(builds),
        released[0] if released else None,
        steps if released else None,
        gone,
    )


def _wanted(record: Record) -> dict[str, str]:
    """Return the ids of builds with what each is for."""
    wanted: dict[str, str] = {}
    attempt, current = record.attempt, record.current
    if attempt is not None and (current is None or attempt.number > current.number):
        for runtime, build_id in attempt.all_builds.items():
            wanted.setdefault(build_id, f"#{attempt.number} {runtime}".rstrip())
    for release in record.releases[:SHOWN_RELEASES]:
        for runtime, build_id in release.builds.items():
            wanted.setdefault(build_id, f"v{release.version} {runtime}")
        if release.build_id:
            merge = " merge" if release.builds else ""
            wanted.setdefault(release.build_id, f"v{release.version}{merge}")
        if release.push:
            wanted.setdefault(release.push, f"v{release.version} push")
    return wanted


def _timing(purpose: str, state: BuildState) -> BuildTiming:
    phases: dict[str, float] = {}
    # COMPLETED is no work: it begins when all is done and never ends.
    for phase in (phase for phase in state.phases if phase.name != "COMPLETED"):
        phases[phase.name] = phases.get(phase.name, 0.0) + phase.seconds
    return BuildTiming(
        purpose,
        state.id,
        state.status,
        state.environment_type,
        state.image,
        phases,
        state.seconds,
    )
