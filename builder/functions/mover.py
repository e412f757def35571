"""Move one function to a version of a layer, whatever others do to it meanwhile."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from builder.aws.functions import Function, Functions, with_version
from builder.clock import Clock
from builder.errors import ConflictError, LayerError
from builder.functions.compatibility import Unzipped, refuse, refuse_region, warning
from builder.spec.runtimes import Target

ATTEMPTS = 12
"""Tries to change a function that others change too."""

UPDATE_LIMIT = 300.0
"""Seconds that one update of a function may take."""

FIRST_LOOK, NEXT_LOOKS = 0.5, 5.0
"""Seconds between looks at an update: they grow. All of us share 15 requests a second."""


class MoveOutcome(StrEnum):
    """What became of a function."""

    MOVED = "moved"
    ALREADY = "already"
    GONE = "gone"
    OVERTAKEN = "overtaken"
    FAILED = "failed"


@dataclass(frozen=True)
class Move:
    """What became of one function: ``before`` is the version it had, ``why`` says more."""

    function: str
    outcome: MoveOutcome
    before: int | None = None
    why: str = ""
    error: LayerError | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Mover:
    """Moves functions to one layer version; may be used by several threads.

    ``overtaken`` says whether a newer release has taken over: asked between reading a function and
    changing it. The newer one is remembered before its functions are touched, so an older release
    either sees that, or its change fails for the function's RevisionId and it looks again.
    """

    functions: Functions
    layer_arn: str
    targets: tuple[Target, ...]
    unzipped: Unzipped
    overtaken: Callable[[], bool]
    clock: Clock
    stop: threading.Event

    def move(self, function: str, *, named: bool) -> Move:
        """Move one function; never raises a LayerError.

        Its other layers keep their order. Without ``named``, only if it has some version of the
        layer.
        """
        try:
            return self._move(function, named=named)
        except LayerError as error:
            return Move(function, MoveOutcome.FAILED, why=error.what, error=error)

    def _move(self, name: str, *, named: bool) -> Move:
        refuse_region(name, self.layer_arn)
        for attempt in range(ATTEMPTS):
            function = self._settled(name)
            if function is None:
                return _absent(name, expected=named and attempt == 0)
            before = function.version_of(self.layer)
            present = [use.arn for use in function.layers]
            layers = with_version(present, self.layer_arn)
            if layers == present:
                return Move(name, MoveOutcome.ALREADY, before)
            if before is None and not named:
                return Move(name, MoveOutcome.GONE, why="it no longer uses the layer")
            refuse(function, layers, self.targets, self.unzipped)
            if self.overtaken():
                return Move(name, MoveOutcome.OVERTAKEN, before, "a newer release has taken over")
            if self.functions.give(function, layers):
                return self._ended(name, before, warning(function, layers, self.unzipped))
            _refuse_failed(function)
            # Full jitter: AWS Architecture Blog, "Exponential Backoff And Jitter".
            self._pause(random.uniform(0, min(8.0, 0.5 * 2**attempt)))  # noqa: S311 (no secret)
        raise ConflictError(
            "it is being changed by others all the time",
            where=f"function {name}, lambda:UpdateFunctionConfiguration, {ATTEMPTS} attempts",
            expected="a quiet moment",
            fix="run it again when the other deployment is over",
        )

    @property
    def layer(self) -> str:
        """The ARN of the layer, without the version."""
        return self.layer_arn.rpartition(":")[0]

    def _ended(self, name: str, before: int | None, note: str) -> Move:
        """Wait for the end of our update and return how it went."""
        function = self._settled(name)
        if function is None:
            return _absent(name, expected=False)
        if function.update == "Failed":
            raise LayerError(
                f"its update failed: {function.update_reason or 'Lambda gives no reason'}",
                where=f"function {name}, lambda:UpdateFunctionConfiguration",
                expected="LastUpdateStatus Successful",
                fix="see the reason above, then run it again",
            )
        return Move(name, MoveOutcome.MOVED, before, note)

    def _settled(self, name: str) -> Function | None:
        """Return the function once nothing of it is under way, None when there is none."""
        limit, pause = self.clock.monotonic() + UPDATE_LIMIT, FIRST_LOOK
        while True:
            function = self.functions.get(name)
            if function is None or function.settled:
                return function
            if self.clock.monotonic() > limit:
                raise ConflictError(
                    f"an update of it does not end: {function.state_reason or function.update}",
                    where=f"function {name}, state {function.state}, waited {UPDATE_LIMIT:.0f} s",
                    expected="an update to take seconds",
                    fix="see what the function waits for, then run it again",
                )
            self._pause(pause)
            pause = min(NEXT_LOOKS, pause * 1.5)

    def _pause(self, seconds: float) -> None:
        if self.stop.is_set():
            raise LayerError("it was interrupted")
        self.clock.sleep(seconds)


def _absent(name: str, *, expected: bool) -> Move:
    if not expected:
        return Move(name, MoveOutcome.GONE, why="it was deleted meanwhile")
    raise LayerError(
        f"there is no function {name!r}",
        where="functions of the layer",
        expected="functions that exist in this account and region",
        fix="correct the name, or create the function first",
    )


def _refuse_failed(function: Function) -> None:
    """Lambda's conflict with a failed function is no matter of waiting."""
    if function.state == "Failed":
        raise LayerError(
            f"its state is Failed: {function.state_reason or 'Lambda gives no reason'}",
            where=function.arn,
            expected="a function that can be changed",
            fix="repair or delete the function, then run it again",
        )
