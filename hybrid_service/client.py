"""The client in functions: find the task of a service, or start the one that all will find."""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from hybrid_service.aws import DENIED, ERRORS, Cluster, Store, code_of
from hybrid_service.clock import elapsed
from hybrid_service.errors import ServiceError, ServiceFailed, ServiceUnavailable
from hybrid_service.probe import answers
from hybrid_service.settings import ServiceSettings, place
from hybrid_service.state import RUNNING, SETTINGS_KEY, STOPPED, STOPPING, Seen, State

log = logging.getLogger(__name__)

SHORTEST, LONGEST = 0.2, 3.0
"""Seconds between two looks at the state; thousands may look at the same object."""

PING = 20.0
"""Seconds between signs of life while a service is in use."""

LOOKS_AT_TASK = 5.0
"""Seconds between two questions to ECS, which answers less often than S3."""


@dataclass(frozen=True)
class Endpoint:
    """Where a service answers."""

    host: str
    port: int
    generation: int

    @property
    def url(self) -> str:
        """The address for HTTP; inside the VPC, without TLS."""
        return f"http://{self.host}:{self.port}"

    def __str__(self) -> str:
        return self.url


@contextmanager
def service(
    name: str, *, timeout: float = 300.0, environment: Mapping[str, str] = os.environ
) -> Iterator[Endpoint]:
    """Start or find a service, give its endpoint, and keep it alive inside the block.

    ``timeout`` is in seconds; leave some of the function's own time. Raise SettingsError,
    ServiceFailed when the task that was waited for did not start, ServiceUnavailable when time is
    up or the service was started too often within the hour.
    """
    bucket, prefix = place(name, environment)
    finder = Finder(name, Store(bucket, prefix))
    endpoint = finder.find(timeout)
    over = threading.Event()
    threading.Thread(target=_stay, args=(endpoint, finder.health, over), daemon=True).start()
    try:
        yield endpoint
    finally:
        over.set()


def _stay(endpoint: Endpoint, health: str, over: threading.Event) -> None:
    # Long work of a function between two requests is no idleness. A function that dies in the
    # block stops asking.
    while not over.wait(PING):
        answers(endpoint.host, endpoint.port, health)


class Finder:
    """Looks for the task of one service, and starts it where there is none."""

    def __init__(self, name: str, store: Store, cluster: Cluster | None = None) -> None:
        self.name = name
        self.store = store
        self.settings = self._settings()
        self.cluster = cluster or Cluster(self.settings.cluster)
        self.health = self.settings.health
        self._waited_for = 0
        self._looked = 0.0

    def find(self, timeout: float) -> Endpoint:
        """Return where the service answers, within some seconds."""
        deadline = elapsed() + timeout
        pause = SHORTEST
        while True:
            seen = self._read(deadline)
            if endpoint := self._ready(seen.state, is_held=seen.is_held):
                return endpoint
            if self._may_claim(seen):
                pause = SHORTEST
                if self._start(seen):
                    continue
            if elapsed() + pause > deadline:
                raise self._late(seen.state, timeout)
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads callers, no secret
            pause = min(pause * 1.5, LONGEST)

    def _read(self, deadline: float) -> Seen:
        """Read the state; S3 may be busy, or a network just made, but not for ever."""
        while True:
            try:
                return self.store.read()
            except ERRORS as error:
                if code_of(error) in DENIED or elapsed() > deadline:
                    raise self._unreadable("state.json", error) from error
                log.info("cannot read the state now: %s", error)
                time.sleep(SHORTEST)

    def _write(self, state: State, etag: str) -> str | None:
        """Write the state if it is still the one with this ETag; None if it is not, or not now.

        A write that S3 made without saying so is a claim without a task: it runs out.
        """
        try:
            return self.store.write(state, etag)
        except ERRORS as error:
            if code_of(error) in DENIED:
                raise self._unwritable(error) from error
            log.info("cannot write the state now: %s", error)
            return None

    def _ready(self, state: State, *, is_held: bool) -> Endpoint | None:
        if state.phase != RUNNING or not is_held:
            return None
        host, _, port = state.endpoint.rpartition(":")
        found = Endpoint(host, int(port), state.generation)
        return found if answers(found.host, found.port, self.health) else None

    def _may_claim(self, seen: Seen) -> bool:
        """Whether the service is free; raise for a start that failed while we waited for it."""
        state = seen.state
        if state.phase == STOPPED and state.failed and state.generation == self._waited_for:
            raise self._failed(state.reason)
        if not seen.is_held:
            return True
        if state.phase != STOPPED:
            self._waited_for = max(self._waited_for, state.generation)
        return self._has_died(seen)

    def _has_died(self, seen: Seen) -> bool:
        """Whether the task that has the lease is dead, so that nobody has to wait for its end."""
        state = seen.state
        if not state.task or elapsed() - self._looked < LOOKS_AT_TASK:
            return False
        self._looked = elapsed()
        try:
            why = self.cluster.ended(state.task)
        except ERRORS as error:
            log.info("cannot ask for the task %s: %s", state.task, error)
            return False
        if why is None:
            return False
        log.warning("the task %s has ended without saying so: %s", state.task, why)
        served = state.phase in (RUNNING, STOPPING)
        ended = state.changed(phase=STOPPED, lease=0.0, endpoint="", reason=why, failed=not served)
        self._write(ended, seen.etag)
        if not served:
            raise self._failed(why)
        return False  # the next look finds it free

    def _start(self, seen: Seen) -> bool:
        """Claim the next generation and run its task; False if another was first."""
        self._check_starts(seen)
        state = seen.claimed(self.settings.claim)
        etag = self._write(state, seen.etag)
        if etag is None:
            return False
        log.info("starting generation %d of %s", state.generation, self.name)
        self._stop_former(seen.state)
        try:
            task = self._run(state.generation)
        except (*ERRORS, ServiceError) as error:
            why = str(error)
            self._write(state.changed(phase=STOPPED, lease=0.0, reason=why, failed=True), etag)
            raise self._failed(why) from error
        self._waited_for = state.generation
        self._looked = elapsed()
        # The task may have taken over already; then this write is one too late, as it should be.
        self._write(state.changed(task=task, lease=self.settings.start), etag)
        return True

    def _run(self, generation: int) -> str:
        settings = self.settings
        return self.cluster.run(
            settings.task_definition,
            settings.container,
            {"HYBRID_GENERATION": str(generation)},
            subnets=settings.subnets,
            security_groups=settings.security_groups,
            public_address=settings.public_address,
            token=f"{self.name[:20]}-{generation}",
        )

    def _stop_former(self, state: State) -> None:
        """Stop a task that lost its lease and may still run: one service has one task."""
        if state.phase == STOPPED or not state.task:
            return
        try:
            self.cluster.stop(state.task, "its lease has run out")
        except ERRORS as error:
            log.info("cannot stop the former task %s: %s", state.task, error)

    def _check_starts(self, seen: Seen) -> None:
        if seen.starts_within_the_hour() >= self.settings.starts_an_hour:
            raise ServiceUnavailable(
                f"the service {self.name} was started {self.settings.starts_an_hour} times within "
                "an hour",
                where=f"{self.store.where('state.json')}; its last end: {seen.state.reason}",
                expected="a task that stays",
                fix="see the log of the service; it is started again when the hour is over",
            )

    def _settings(self) -> ServiceSettings:
        try:
            content = self.store.get(SETTINGS_KEY)
        except ERRORS as error:
            raise self._unreadable(SETTINGS_KEY, error) from error
        return ServiceSettings.from_json(content, self.store.where(SETTINGS_KEY))

    def _unreadable(self, key: str, error: Exception) -> ServiceUnavailable:
        return ServiceUnavailable(
            f"{key} of the service {self.name} cannot be read",
            where=f"{self.store.where(key)}: {error}",
            expected="an answer of S3",
            fix="apply the service's stack, give the function's role the service's policy, and "
            "let its network reach S3",
        )

    def _unwritable(self, error: Exception) -> ServiceUnavailable:
        return ServiceUnavailable(
            f"state.json of the service {self.name} cannot be written",
            where=f"{self.store.where('state.json')}: {error}",
            expected="the right to claim the service",
            fix="give the function's role the service's policy (client_policy)",
        )

    def _failed(self, reason: str) -> ServiceFailed:
        return ServiceFailed(
            f"the service {self.name} did not start",
            where=reason or "no reason was given",
            expected="a task that serves",
            fix="see the log of the service; the next call tries again",
        )

    def _late(self, state: State, timeout: float) -> ServiceUnavailable:
        return ServiceUnavailable(
            f"the service {self.name} was not there within {timeout:g} s",
            where=f"{self.store.where('state.json')}: generation {state.generation}, {state.phase}",
            expected="a task that serves",
            fix="give it more time (timeout), or see its log",
        )
