"""The log of a hybrid service's tasks, line by line."""

from __future__ import annotations

from collections.abc import Iterator

from builder.clock import Clock
from builder.errors import LayerError
from builder.hybrid.service import STREAM, Service
from builder.hybrid.state import State
from builder.operations.log_part import WHOLE, LogPart
from builder.operations.log_stream import LogReader

PAUSE = 2.0
"""Seconds between looks at a log that is followed."""


def service_log(
    service: Service, *, follow: bool, clock: Clock, part: LogPart = WHOLE
) -> Iterator[str]:
    """Yield the lines of the last task's log; with ``follow`` those of the following tasks, too.

    It has no end then. Raise LayerError when no task has written anything.
    """
    return part.of(_lines(_Tail(service, part.since), follow=follow, clock=clock))


def _lines(tail: _Tail, *, follow: bool, clock: Clock) -> Iterator[str | None]:
    tail.look()
    if not follow:
        yield from tail.all_there_is()
        return
    while True:
        yield from tail.rest()
        yield None
        clock.sleep(PAUSE)
        # What the former task wrote while we slept comes before what the next one writes.
        yield from tail.rest()
        tail.look()


class _Tail:
    """The log of the last task from where we are."""

    def __init__(self, service: Service, since: float) -> None:
        self._service = service
        self._reader = LogReader(service.logs, since=since)
        self._since = since
        self._state = State()
        self._task = ""

    def look(self) -> None:
        """See whether there is a newer task."""
        self._state = self._service.state() or State()
        self._task = self._state.task or self._task

    def rest(self) -> Iterator[str]:
        """Yield the lines since the last look."""
        more = bool(self._task)
        while more:
            stream = STREAM + self._task.rpartition("/")[2]
            lines, more = self._reader.read(self._service.log_group, stream)
            yield from lines

    def all_there_is(self) -> Iterator[str]:
        """Yield all lines; raise LayerError when there is none, whatever the time."""
        nothing = True
        for line in self.rest():
            nothing = False
            yield line
        if nothing and self._since <= 0:
            raise self._empty()

    def _empty(self) -> LayerError:
        name, state = self._service.name, self._state
        ended = f": {state.reason}" if state.reason else ""
        return LayerError(
            f"service {name!r} has no log to show",
            where=f"log group {self._service.log_group}, task {self._task or 'none yet'}{ended}",
            expected="a task that has begun",
            fix=f"call a function that uses it, or see how it is: lambda-layer status {name}",
        )
