"""Watch a layer being released: its builds, the step each is at, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from builder.aws.codebuild import BuildState
from builder.builds.attempt_state import state_of
from builder.builds.start import recent_builds
from builder.clock import Clock
from builder.errors import LayerError
from builder.layer.attempt import PUSH, Attempt
from builder.layer.layer import Layer
from builder.layer.record import Record, Release
from builder.layer.token import Token
from builder.operations.log_line import ERROR, NOTE, STEP, LogLine, Step, parse
from builder.operations.logs import Tail
from builder.protocol.statuses import FAILED, PUBLISHED, WAITING
from builder.protocol.variables import PUSH_VARIABLE, TOKEN_VARIABLE

PAUSE = 1.0
"""Seconds between looks."""


@dataclass(frozen=True)
class BuildView:
    """One build now; ``lines`` are those of its log since the last look.

    ``step`` is what the worker does, ``since`` when that was first seen, ``notes`` are all so far.
    """

    state: BuildState
    step: Step | None
    since: float
    notes: tuple[str, ...]
    errors: tuple[str, ...]
    lines: tuple[LogLine, ...]

    @property
    def title(self) -> str:
        """How the build is called among others: by what it is for, or by its id."""
        variables = self.state.variables
        if PUSH_VARIABLE in variables:
            return PUSH
        whole = self.state.id.rpartition(":")[2][:8]
        return variables.get("LAYER_TARGET") or ("merge" if "LAYER_MERGE" in variables else whole)


@dataclass(frozen=True)
class View:
    """A layer now, as it was seen at ``at``.

    ``stage`` is waiting, building, publishing, published or failed.
    ``release`` is what was published, or, while there is nothing to watch, the last one.
    ``problem`` says what went wrong, while one waits with the last attempt. ``wait`` is how many
    seconds a build is waited for.
    """

    layer: str
    stage: str
    at: float
    reason: str = ""
    builds: tuple[BuildView, ...] = ()
    release: Release | None = None
    problem: str = ""
    wait: float = 0.0

    @property
    def ended(self) -> bool:
        """Whether there is nothing more to see."""
        return self.stage in {PUBLISHED, FAILED}


def builds_of(layer: Layer, attempt: Attempt) -> list[BuildState]:
    """Return the builds of an attempt, oldest first: those of its token, and those it joined."""
    token = str(attempt.token)
    found = [s for s in recent_builds(layer) if s.variables.get(TOKEN_VARIABLE) == token]
    joined = set(attempt.all_builds.values()) - {state.id for state in found}
    found += layer.services.codebuild.states(sorted(joined))
    return sorted(found, key=lambda state: state.started)


def watch(layer: Layer, *, wait: float, clock: Clock) -> Iterator[View]:
    """Yield how a layer is, about once a second, until its release is published or has failed.

    When no release is under way one is waited for, ``wait`` seconds at most. Raise LayerError when
    none came.
    """
    watcher = _Watcher(layer, clock, wait)
    deadline = clock.monotonic() + wait
    while True:
        view = watcher.look()
        yield view
        if view.ended:
            return
        if view.stage == WAITING and clock.monotonic() >= deadline:
            raise LayerError(
                f"no build of layer {layer.name!r} began within {wait:.0f} seconds",
                where=layer.records.url,
                expected="an apply, or lambda-layer build, that needs one",
                fix=f"see what is due (lambda-layer plan {layer.name}); the log of the last build: "
                f"lambda-layer logs {layer.name}",
            )
        clock.sleep(PAUSE)


@dataclass
class _Progress:
    """What was seen of one build so far."""

    tail: Tail
    step: Step | None = None
    since: float = 0.0
    notes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class _Watcher:
    """Looks, and remembers what the log said before."""

    def __init__(self, layer: Layer, clock: Clock, wait: float) -> None:
        self._layer = layer
        self._clock = clock
        self._wait = wait
        self._before: Record | None = None
        self._attempt: Attempt | None = None
        self._seen: dict[str, _Progress] = {}

    def look(self) -> View:
        """Return how the layer is now."""
        now = self._clock.now()
        record = self._layer.records.load_or_new()
        attempt = self._follow(record)
        if attempt is None:
            missed = self._missed(record)
            if missed is not None:
                return View(self._layer.name, PUBLISHED, now, missed.reason, release=missed)
            failure = record.attempt.failure if record.attempt else ""
            return View(
                self._layer.name,
                WAITING,
                now,
                release=record.current,
                problem=failure,
                wait=self._wait,
            )
        builds = tuple(self._build(state, now) for state in builds_of(self._layer, attempt))
        stage, release, problem = self._judge(record, attempt, builds)
        return View(self._layer.name, stage, now, attempt.reason, builds, release, problem)

    def _follow(self, record: Record) -> Attempt | None:
        """Return the attempt that is watched: the first new one, as the record knows it now."""
        if self._before is None:
            self._before = record
        found, watched = record.attempt, self._attempt
        if watched is not None:
            self._attempt = found if found and found.token == watched.token else watched
        elif found is not None and (not found.failure or found != self._before.attempt):
            self._attempt = found
        return self._attempt

    def _missed(self, record: Record) -> Release | None:
        """Return a release that came and went between two looks."""
        before = self._before.releases[:1] if self._before else ()
        return record.releases[0] if record.releases[:1] != before else None

    def _build(self, state: BuildState, now: float) -> BuildView:
        seen = self._seen.setdefault(state.id, _Progress(Tail(self._layer)))
        fresh = [parse(line) for line in _all_lines(seen.tail, state)]
        for line in fresh:
            if line.kind == STEP:
                seen.step, seen.since = line.step, now
            elif line.kind == NOTE:
                seen.notes.append(line.text)
            elif line.kind == ERROR:
                seen.errors.append(line.text)
        return BuildView(
            state, seen.step, seen.since, tuple(seen.notes), tuple(seen.errors), tuple(fresh)
        )

    def _judge(
        self, record: Record, attempt: Attempt, builds: Sequence[BuildView]
    ) -> tuple[str, Release | None, str]:
        """Return the stage, the release if there is one, and what went wrong."""
        release = _release_of(record, attempt.token)
        if release is not None:
            return PUBLISHED, release, ""
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        state = state_of(attempt, [build.state for build in builds], now=now)
        if state.failed and any(build.state.failed for build in builds):
            said = [build.errors[-1] for build in builds if build.state.failed and build.errors]
            cause = "; ".join(dict.fromkeys(said)) or state.failure_of_builds
            hint = f"lambda-layer logs {self._layer.name} --failed"
            return FAILED, None, f"{cause}\n{hint}"
        return state.stage, None, state.failure


def _all_lines(tail: Tail, state: BuildState) -> list[str]:
    lines, more = tail.read(state)
    while more:
        page, more = tail.read(state)
        lines += page
    return lines


def _release_of(record: Record, token: Token) -> Release | None:
    """Return the release that came of an approval, or the newer one that overtook it."""
    release = record.release_for(token)
    if release is not None:
        return release
    current = record.current
    return current if current is not None and current.number > token.number else None
