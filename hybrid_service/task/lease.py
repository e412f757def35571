"""The task's hold on its service: taken over from the claim, renewed, changed, given back."""

from __future__ import annotations

import logging
import threading
from typing import Any

from hybrid_service.aws import ERRORS, Store
from hybrid_service.clock import elapsed
from hybrid_service.errors import LeaseLost
from hybrid_service.state import CLAIMED, STARTING, STOPPED, State

log = logging.getLogger(__name__)

ATTEMPTS = 5


class Lease:
    """The lease of one generation.

    Every write renews it. :attr:`holds` is false some time before others may take it, and for ever
    after another generation was seen.
    """

    def __init__(self, store: Store, generation: int, seconds: float) -> None:
        self.store = store
        self.generation = generation
        self.seconds = seconds
        self._lock = threading.Lock()
        self._state = State()
        self._etag = ""
        self._until = 0.0
        self._lost = False

    @property
    def holds(self) -> bool:
        """Whether the task may still serve."""
        return not self._lost and elapsed() < self._until

    @property
    def state(self) -> State:
        """The state as this task wrote it last."""
        return self._state

    def take(self, task: str) -> State:
        """Take over the claim of this generation; raise LeaseLost when it is another's."""
        for _ in range(ATTEMPTS):
            seen = self.store.read()
            state = seen.state
            # Whoever has taken the claim is at STARTING: of two tasks of one generation one ends.
            if state.generation != self.generation or state.phase != CLAIMED:
                raise self._refused(f"it is generation {state.generation}, {state.phase}")
            if state.task and task and state.task != task:
                raise self._refused(f"the claim is for {state.task}")
            with self._lock:
                if self._put(
                    state.changed(phase=STARTING, task=task, lease=self.seconds), seen.etag
                ):
                    return self._state
        raise self._refused("it changed again and again")

    def update(self, **changes: Any) -> None:
        """Change the state and renew the lease; raise LeaseLost when another has the service."""
        with self._lock:
            for _ in range(ATTEMPTS):
                if self._lost:
                    break
                if self._put(self._state.changed(**changes), self._etag):
                    return
                # A write whose answer never came may be there; everybody else's is a claim, or
                # says that this task has ended.
                seen = self.store.read()
                state = seen.state
                self._lost = state.generation != self.generation or state.phase == STOPPED
                self._etag = seen.etag
        raise self._refused("another wrote the state")

    def release(self, reason: str, *, failed: bool) -> None:
        """Give the service back."""
        self.update(phase=STOPPED, lease=0.0, endpoint="", reason=reason, failed=failed)
        self._until = 0.0

    def keep(self, over: threading.Event) -> None:
        """Renew the lease until an event is set or the lease is lost."""
        while not over.wait(self.seconds / 3):
            try:
                self.update()
            except LeaseLost as error:
                log.error("the lease is lost: %s", error)  # noqa: TRY400 - one line is enough
                return
            except ERRORS as error:
                log.warning("the lease cannot be renewed now: %s", error)

    def _put(self, state: State, etag: str) -> bool:
        before = elapsed()
        written = self.store.write(state, etag)
        if written is None:
            return False
        self._state, self._etag = state, written
        # Counted from before the write, and by a third less: others wait for all of it.
        self._until = before + state.lease * 2 / 3
        return True

    def _refused(self, why: str) -> LeaseLost:
        return LeaseLost(
            f"generation {self.generation} does not have the service",
            where=f"{self.store.where('state.json')}: {why}",
            expected="the claim under which this task was started",
            fix="none: the task ends, and another one serves",
        )
