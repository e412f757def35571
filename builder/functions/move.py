"""Move the functions of a layer to one of its versions, and name those that are left behind."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import partial

from builder.aws.functions import Function
from builder.clock import Clock
from builder.errors import FunctionsNotMoved, LayerError
from builder.functions.mover import Move, Mover, Outcome
from builder.functions.sizes import UnzippedSizes
from builder.layer.handover import Handover
from builder.layer.layer import Layer
from builder.layer.pin import pin_of
from builder.layer.record import Release
from builder.text import count

PARALLEL = 10
"""Functions that are moved at the same time."""

ROUNDS = 3
"""How often we look for functions that are on another version again, or were just born there."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Moves:
    """What became of a layer's functions.

    ``behind`` are functions on another version of the layer that nobody named; ``blind`` says why
    nobody could look for them.
    """

    layer_arn: str
    results: tuple[Move, ...] = ()
    behind: Mapping[str, int] = field(default_factory=dict)
    blind: str = ""

    def having(self, outcome: Outcome) -> tuple[Move, ...]:
        """Return the moves that ended so."""
        return tuple(move for move in self.results if move.outcome == outcome)

    @property
    def failed(self) -> Mapping[str, str]:
        """Why each function that failed did."""
        return {move.function: move.why for move in self.having(Outcome.FAILED)}

    @property
    def overtaken(self) -> bool:
        """Whether a newer release took over, which is then responsible for all functions."""
        return bool(self.having(Outcome.OVERTAKEN))

    def check(self) -> None:
        """Raise FunctionsNotMoved, naming every function that failed, if there is one.

        Not when a newer release took over: it says itself how it went.
        """
        failed = self.having(Outcome.FAILED)
        if self.overtaken or not failed:
            return
        raise FunctionsNotMoved(
            f"{len(failed)} of {count(len(self.results), 'function was', 'functions were')} "
            "not moved",
            where="\n".join(
                f"function {move.function}: {move.error or move.why}" for move in failed
            ),
            expected=f"all of them on {self.layer_arn}, which is published",
            fix="mend what is named above and apply again, or run lambda-layer move; "
            "the others are done, and nothing is built again",
        )


def hand_over(layer: Layer, release: Release, *, progress: Progress, clock: Clock) -> Moves:
    """Move the layer's functions to a release that is recorded, and remember how that went.

    When some were not moved, the next plan says so, and the next apply (or anybody who calls this
    again) mends it. A release that was overtaken moves nothing, nor does one while another is
    pinned: what it owes is then told once that is unpinned.
    """
    if not layer.spec.functions:
        return Moves(release.layer_arn)
    pin = pin_of(layer, layer.records.load())
    if pin is not None and pin.release != release:
        progress(f"functions stay on {pin.release.layer_arn}: {pin}")
        return Moves(release.layer_arn)
    overtaken = partial(_overtaken, layer, release)
    moves = move_functions(
        layer, release.layer_arn, progress=progress, clock=clock, overtaken=overtaken
    )
    if not moves.overtaken:
        done = Handover(release.number, layer.spec.functions, moves.failed, moves.behind)
        layer.records.change(lambda record: record.handed_over(done))
    return moves


def move_functions(
    layer: Layer,
    layer_arn: str,
    *,
    progress: Progress,
    clock: Clock,
    overtaken: Callable[[], bool] = lambda: False,
) -> Moves:
    """Move the functions that the spec means to a version of the layer, several at a time.

    Then look again: a function born on another version meanwhile, or put back there, is moved in
    another round; what nobody named is named. Functions that fail do not stop the others.
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
    return _Campaign(layer, mover, progress).run()


def usage(layer: Layer, *, published: bool = False) -> dict[int, list[str]]:
    """Return which functions use which version of the layer, by version.

    With ``published`` also the published versions of functions, as NAME:VERSION, whose layers never
    change.
    """
    found = defaultdict(list)
    arn = _layer_arn(layer)
    for function, called in layer.services.functions.having(arn, published=published):
        found[function.version_of(arn) or 0].append(called)
    return {version: sorted(found[version]) for version in sorted(found)}


def _layer_arn(layer: Layer) -> str:
    region, account = layer.site.region, layer.site.account
    partition = layer.site.build_role.split(":")[1]
    return f"arn:{partition}:lambda:{region}:{account}:layer:{layer.site.layer_name}"


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
            return self._moves(Move("*", Outcome.OVERTAKEN))
        self._move(dict.fromkeys(self.scope.told, True))
        for _ in range(ROUNDS):
            elsewhere = self._look()
            if not elsewhere or self._moves().overtaken:
                break
            self._move(elsewhere)
        else:
            self._give_up(self._look())
        self._tell_behind()
        return self._moves()

    def _moves(self, *more: Move) -> Moves:
        results = (*self.results.values(), *more)
        return Moves(self.mover.layer_arn, results, self.behind, self.blind)

    def _move(self, functions: Mapping[str, bool]) -> None:
        """Move functions, each with whether it is told to have the layer."""
        for move in _parallel(self.mover, functions):
            earlier = self.results.get(move.function)
            if earlier is not None and move.before is None:
                move = replace(move, before=earlier.before)
            self.results[move.function] = move
            self.progress(told(move, self.mover.layer_arn))

    def _look(self) -> Mapping[str, bool]:
        """Return the functions that are to move and are on another version; note the others."""
        try:
            return self._elsewhere()
        except LayerError as error:
            if not self.scope.searches:
                self.blind = error.what
                return {}
            for entry in self.layer.spec.functions:
                if entry not in self.scope.told:
                    failed = Move(entry, Outcome.FAILED, why=error.what, error=error)
                    self.results[entry] = failed
                    self.progress(told(failed, self.mover.layer_arn))
            return {}

    def _elsewhere(self) -> Mapping[str, bool]:
        wanted = int(self.mover.layer_arn.rpartition(":")[2])
        self.behind.clear()
        moving = {}
        for function, name in self.layer.services.functions.having(self.mover.layer):
            version = function.version_of(self.mover.layer)
            if version is None or version == wanted:
                continue
            key = self._key(function)
            if self._is_settled(key):
                continue
            if self._wants(function):
                moving[key] = self.scope.tells(function.name, function.arn)
            else:
                self.behind[name] = version
        return moving

    def _key(self, function: Function) -> str:
        return function.arn if function.arn in self.scope.told else function.name

    def _is_settled(self, key: str) -> bool:
        known = self.results.get(key)
        return known is not None and known.outcome in {Outcome.FAILED, Outcome.OVERTAKEN}

    def _wants(self, function: Function) -> bool:
        if self.scope.every or self.scope.tells(function.name, function.arn):
            return True
        if not self.scope.tags:
            return False
        return self.scope.tagged(self.layer.services.functions.tags(function.arn))

    def _give_up(self, functions: Iterable[str]) -> None:
        for name in functions:
            why = "it is on another version again and again: somebody else moves it back"
            failed = Move(name, Outcome.FAILED, why=why)
            self.results[name] = failed
            self.progress(told(failed, self.mover.layer_arn))

    def _tell_behind(self) -> None:
        for name, version in sorted(self.behind.items()):
            self.progress(
                f"function {name} is still on version {version}: functions does not name it"
            )
        if self.blind:
            self.progress(f"nobody looked for functions left behind: {self.blind}")


def told(move: Move, layer_arn: str) -> str:
    """Return what became of a function, as a line."""
    version = layer_arn.rpartition(":")[2]
    way = f"from version {move.before} to {version}" if move.before else f"to version {version}"
    line = {
        Outcome.MOVED: f"moved {way}",
        Outcome.ALREADY: f"is on version {version} already",
        Outcome.GONE: "is left alone",
        Outcome.OVERTAKEN: "stays",
        Outcome.FAILED: "was not moved",
    }[move.outcome]
    return f"function {move.function} {line}" + (f": {move.why}" if move.why else "")


def _parallel(mover: Mover, functions: Mapping[str, bool]) -> Iterator[Move]:
    """Yield the moves as they end. When the caller is interrupted, no further one begins."""
    pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix="move")
    try:
        waiting = {
            pool.submit(mover.move, name, told=is_told) for name, is_told in functions.items()
        }
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    finally:
        mover.stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
        mover.stop.clear()
