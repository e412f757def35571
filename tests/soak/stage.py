"""Callers on one stage: threads of which one runs at a time, in time that passes only on demand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from builder.clock import Clock
from builder.errors import LayerError

EPOCH = 1_700_000_000.0
LIMIT = 300.0
"""Seconds of real time that one step may take; it takes far less than a millisecond."""


class Killed(BaseException):
    """What a killed process meets: it is gone, so nothing of ours may catch it."""


class Actor:
    """One process: it runs from one call of a service to the next when it is stepped."""

    def __init__(self, stage: Stage, name: str, work: Callable[[], object], offset: float) -> None:
        self.stage = stage
        self.name = name
        self.wake = stage.time
        self.done = False
        self.doomed = False
        self.faults: list[str] = []
        self.helpers: list[Actor] = []
        self.result: object = None
        self.error: BaseException | None = None
        self.steps = 0
        self.stepped = 0
        self._offset = offset
        self._work = work
        # Locks that one thread takes and the other gives back: a tenth of a Semaphore's work.
        self._go = _taken()
        self._stopped = _taken()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Be ready for the first step."""
        self._thread.start()

    def step(self) -> None:
        """Run to the next call of a service, the next pause or the end."""
        self.stage.time = max(self.stage.time, self.wake)
        self.steps += 1
        self.stage.steps += 1
        self.stepped = self.stage.steps
        self._go.release()
        assert self._stopped.acquire(timeout=LIMIT), f"{self.name} does not come to its next call"
        if self.done:
            self._thread.join(LIMIT)

    def kill(self) -> None:
        """End the process: none of its calls happens any more, and no clean-up of it."""
        for actor in (*self.helpers, self):
            actor.doomed = True
            # It dies now, and not when what it waits for would have come.
            actor.wake = self.stage.time
            while not actor.done:
                actor.step()

    def turn(self, pause: float = 0.0) -> None:
        """Let others run until it is our turn again; called by whatever this process does."""
        if self.doomed:
            raise Killed
        self.wake = self.stage.time + pause
        self._stopped.release()
        assert self._go.acquire(timeout=LIMIT * 10)
        if self.doomed:
            raise Killed

    def pause(self, seconds: float) -> None:
        """Wait, as this process or what it does meanwhile, whichever runs now."""
        self.stage.actor(self).turn(seconds)

    def clock(self) -> Clock:
        """Return the clock of this process: it may be wrong, its pauses are not."""
        return Clock(
            now=lambda: self.stage.time + self._offset,
            monotonic=lambda: self.stage.time - EPOCH,
            sleep=self.pause,
            owner=self.name,
            jitter=lambda low, high: (low + high) / 2,
            every=self.every,
        )

    @contextmanager
    def every(self, seconds: float, action: Callable[[], None]) -> Iterator[None]:
        """Do something every so many seconds, meanwhile; see Clock."""
        over = False

        def repeat() -> None:
            while True:
                helper.turn(seconds)
                if over:
                    return
                action()

        helper = self.stage.add(f"{self.name}, meanwhile", repeat, offset=self._offset)
        self.helpers.append(helper)
        helper.step()
        try:
            yield
        finally:
            over = True
            while not helper.done and not self.doomed:
                helper.wake = min(helper.wake, self.stage.time)
                self.turn()

    def _run(self) -> None:
        self.stage.current.actor = self
        assert self._go.acquire(timeout=LIMIT * 10)
        try:
            if not self.doomed:
                self.result = self._work()
        except (LayerError, Killed) as error:
            self.error = error
        except BaseException as error:
            self.error = error
            self.stage.broken = error
        finally:
            self.done = True
            self._stopped.release()


def _taken() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire(blocking=False)
    return lock


class Stage:
    """All actors, and the time they share."""

    def __init__(self) -> None:
        self.time = EPOCH
        self.actors: list[Actor] = []
        self.current = threading.local()
        self.steps = 0
        self.broken: BaseException | None = None

    def add(self, name: str, work: Callable[[], object], *, offset: float = 0.0) -> Actor:
        """Return a new process that waits for its first step."""
        actor = Actor(self, name, work, offset)
        self.actors.append(actor)
        actor.start()
        return actor

    @property
    def living(self) -> list[Actor]:
        """Those that have not ended."""
        return [actor for actor in self.actors if not actor.done]

    def due(self) -> Actor:
        """Return who is due first; of several, who has waited longest."""
        return min(self.living, key=lambda actor: (actor.wake, actor.stepped))

    def actor(self, owner: Actor) -> Actor:
        """Return the actor that runs now: the owner of some services, or its helper."""
        found: Actor = getattr(self.current, "actor", owner)
        return found

    def finish(self, limit: int = 20_000) -> None:
        """Step whoever is due first until all have ended."""
        for _ in range(limit):
            if not self.living:
                break
            self.due().step()
        assert not self.living, f"they do not end: {[actor.name for actor in self.living]}"
        if self.broken is not None:
            raise self.broken
