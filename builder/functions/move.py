"""Move the functions of a layer to one of its versions, and name those that are left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import partial

from builder.aws.functions import Use, Uses
from builder.clock import Clock
from builder.errors import CredentialsError, FunctionsNotMoved, LayerError
from builder.functions.mover import Move, MoveOutcome, Mover
from builder.functions.sizes import UnzippedSizes
from builder.layer.handover import REMEMBERED, Handover
from builder.layer.layer import Layer
from builder.layer.pin import pin_of
from builder.layer.record import Release
from builder.progress import Progress
from builder.text import count

PARALLEL = 10
"""Functions that are moved at the same time."""

ROUNDS = 3
"""How often we look for functions that are on another version again, or were just born there."""


@dataclass(frozen=True)
class Moves:
    """What became of a layer's functions.

    ``behind`` are functions on another version of the layer that no entry means; ``blind`` says
    why they could not be looked for. ``seen`` is the listing that was taken after the last move.
    """

    layer_arn: str
    results: tuple[Move, ...] = ()
    behind: Mapping[str, int] = field(default_factory=dict)
    blind: str = ""
    seen: Uses | None = None

    def ended(self, outcome: MoveOutcome) -> tuple[Move, ...]:
        """Return the moves that ended so."""
        return tuple(move for move in self.results if move.outcome == outcome)

    @property
    def failed(self) -> Mapping[str, str]:
        """Why each function that failed did."""
        return {move.function: move.why for move in self.ended(MoveOutcome.FAILED)}

    @property
    def overtaken(self) -> bool:
        """Whether a newer release took over, which is then responsible for all functions."""
        return bool(self.ended(MoveOutcome.OVERTAKEN))

    def check(self, again: str = "apply again, or run lambda-layer move") -> None:
        """Raise FunctionsNotMoved, naming every function that failed, if there is one.

        Not when a newer release took over: it says itself how it went. ``again`` is what moves the
        rest.
        """
        failed = self.ended(MoveOutcome.FAILED)
        if self.overtaken or not failed:
            return
        raise FunctionsNotMoved(
            f"{len(failed)} of {count(len(self.results), 'function was', 'functions were')} "
            "not moved",
            where="\n".join(
                f"function {move.function}: {move.error or move.why}" for move in failed
            ),
            expected=f"all of them on {self.layer_arn}, which is published",
            fix=f"{_mending(failed)}{again}; the others are done, and nothing is built again",
        )


def _mending(failed: Sequence[Move]) -> str:
    """Say what comes before another try."""
    if any(isinstance(move.error, CredentialsError) for move in failed):
        return "log in (for example `aws sso login`), then "
    return "correct what is named above, then "


def hand_over(layer: Layer, release: Release, *, progress: Progress, clock: Clock) -> Moves:
    """Move the layer's functions to a release that is recorded, and remember how that went.

    When some were not moved, the next plan says so, and the next apply, or another call, moves
    them. A release that was overtaken moves nothing, nor does one while another is pinned: the
    plan shows what it owes once that is unpinned.
    """
    if not layer.spec.functions:
        return Moves(release.layer_arn)
    record = layer.records.load()
    pin = pin_of(layer, record)
    if pin is not None and pin.release != release:
        progress(f"functions stay on {pin.release.layer_arn}: {pin}")
        return Moves(release.layer_arn)
    before = record.handover if record else None
    moves = move_functions(
        layer,
        release.layer_arn,
        progress=progress,
        clock=clock,
        overtaken=partial(_overtaken, layer, release),
        known=before.found if before else (),
    )
    if not moves.overtaken:
        done = Handover(
            release.number, layer.spec.functions, moves.failed, moves.behind, _found(layer, moves)
        )
        layer.records.change(lambda record: record.handed_over(done))
    return moves


def move_functions(
    layer: Layer,
    layer_arn: str,
    *,
    progress: Progress,
    clock: Clock,
    overtaken: Callable[[], bool] = lambda: False,
    known: Sequence[str] = (),
) -> Moves:
    """Move the functions that the spec means to a version of the layer, several at a time.

    First those that can be named: by the spec, and those that had the layer the last time
    (``known``). Then list all: a function born on another version, or put back there, is moved in
    another round, after which all are listed again; others are reported. So one listing is enough
    where none is new. Functions that fail do not stop the others.
    """
    mover = Mover(
        functions=layer.services.functions,
        layer_arn=layer_arn,
        targets=layer.spec.targets,
        unzipped=UnzippedSizes(layer),
        overtaken=overtaken,
        clock=clock,
        stop=threading.Event(),
    )
    return _Campaign(layer, mover, progress, known).run()


def _overtaken(layer: Layer, release: Release) -> bool:
    record = layer.records.load()
    if record is None:
        return False
    if record.pinned is not None and record.pinned.release != release:
        return True
    return bool(record.current and record.current.number > release.number)


@dataclass
class _Campaign:
    """The moving of all functions of a layer to one version."""

    layer: Layer
    mover: Mover
    progress: Progress
    known: Sequence[str] = ()
    seen: Uses | None = None
    results: dict[str, Move] = field(default_factory=dict)
    behind: dict[str, int] = field(default_factory=dict)
    blind: str = ""

    def __post_init__(self) -> None:
        self.scope = self.layer.spec.scope

    def run(self) -> Moves:
        if self.mover.overtaken():
            self.progress(
                "functions stay where they are: a newer release, or a pin, has taken over"
            )
            return self._moves(Move("*", MoveOutcome.OVERTAKEN))
        self._move({**dict.fromkeys(self._known(), False), **dict.fromkeys(self.scope.named, True)})
        for _ in range(ROUNDS):
            elsewhere = self._look()
            if not elsewhere or self._moves().overtaken:
                break
            self._move(elsewhere)
        else:
            self._give_up(self._look())
        self._show_behind()
        return self._moves()

    def _moves(self, *more: Move) -> Moves:
        results = (*self.results.values(), *more)
        return Moves(self.mover.layer_arn, results, self.behind, self.blind, self.seen)

    def _move(self, functions: Mapping[str, bool]) -> None:
        """Move functions, each with whether it is named to have the layer."""
        for move in _parallel(self.mover, functions):
            if move.outcome == MoveOutcome.GONE and move.function in self.known:
                continue  # it had the layer the last time, and was not seen this time
            earlier = self.results.get(move.function)
            if earlier is not None and move.before is None:
                move = replace(move, before=earlier.before)
            self.results[move.function] = move
            self.progress(line_of(move, self.mover.layer_arn))

    def _look(self) -> Mapping[str, bool]:
        """Return the functions that are to move and are on another version; note the others."""
        try:
            return self._elsewhere()
        except LayerError as error:
            if not self.scope.searches:
                self.blind = error.what
                return {}
            for entry in self.layer.spec.functions:
                if entry not in self.scope.named:
                    failed = Move(entry, MoveOutcome.FAILED, why=error.what, error=error)
                    self.results[entry] = failed
                    self.progress(line_of(failed, self.mover.layer_arn))
            return {}

    def _elsewhere(self) -> Mapping[str, bool]:
        wanted = int(self.mover.layer_arn.rpartition(":")[2])
        self.behind.clear()
        moving = {}
        # Pruning needs published versions too; then one listing does for both.
        self.seen = self.layer.services.functions.uses(published=bool(self.layer.spec.keep))
        for use in self.seen.of(self.mover.layer):
            if use.version == wanted or not use.is_latest:
                continue
            key = self._key(use)
            if self._is_settled(key):
                continue
            if self._wants(use):
                moving[key] = self.scope.names(use.function, use.arn)
            else:
                self.behind[use.function] = use.version
        return moving

    def _key(self, use: Use) -> str:
        return use.arn if use.arn in self.scope.named else use.function

    def _is_settled(self, key: str) -> bool:
        known = self.results.get(key)
        return known is not None and known.outcome in {MoveOutcome.FAILED, MoveOutcome.OVERTAKEN}

    def _wants(self, use: Use) -> bool:
        return self.scope.names(use.function, use.arn) or self._finds(use.arn)

    def _finds(self, arn: str) -> bool:
        if self.scope.every or not self.scope.tags:
            return self.scope.every
        return self.scope.tagged(self.layer.services.functions.tags(arn))

    def _known(self) -> list[str]:
        """Return the functions that had the layer before and are still meant."""
        layer = self.mover.layer_arn.rpartition(":layer:")[0]
        found = [(name, f"{layer}:function:{name}") for name in self.known]
        try:
            return [n for n, arn in found if not self.scope.names(n, arn) and self._finds(arn)]
        except LayerError:
            return []  # they are found by the look that follows, which says what is wrong

    def _give_up(self, functions: Iterable[str]) -> None:
        for name in functions:
            why = "it is on another version again and again: something else moves it back"
            failed = Move(name, MoveOutcome.FAILED, why=why)
            self.results[name] = failed
            self.progress(line_of(failed, self.mover.layer_arn))

    def _show_behind(self) -> None:
        for name, version in sorted(self.behind.items()):
            self.progress(
                f"function {name} is still on version {version}: functions does not name it"
            )
        if self.blind:
            self.progress(f"functions left behind could not be looked for: {self.blind}")


def _found(layer: Layer, moves: Moves) -> tuple[str, ...]:
    """Return the functions that were looked for and have the layer, if they are not too many."""
    named = layer.spec.scope.named
    found = sorted(
        move.function
        for move in moves.results
        if move.outcome in {MoveOutcome.MOVED, MoveOutcome.ALREADY} and move.function not in named
    )
    return tuple(found) if len(found) <= REMEMBERED else ()


def line_of(move: Move, layer_arn: str) -> str:
    """Return what became of a function, as a line."""
    version = layer_arn.rpartition(":")[2]
    way = f"from version {move.before} to {version}" if move.before else f"to version {version}"
    line = {
        MoveOutcome.MOVED: f"moved {way}",
        MoveOutcome.ALREADY: f"is on version {version} already",
        MoveOutcome.GONE: "is left alone",
        MoveOutcome.OVERTAKEN: "stays",
        MoveOutcome.FAILED: "was not moved",
    }[move.outcome]
    return f"function {move.function} {line}" + (f": {move.why}" if move.why else "")


def _parallel(mover: Mover, functions: Mapping[str, bool]) -> Iterator[Move]:
    """Yield the moves as they end. When the caller is interrupted, no further one begins."""
    pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix="move")
    try:
        waiting = {
            pool.submit(mover.move, name, named=is_named) for name, is_named in functions.items()
        }
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    finally:
        mover.stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
        mover.stop.clear()
