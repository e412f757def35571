"""The life of a task: restore, serve, make snapshots, end without losing anything."""

from __future__ import annotations

import logging
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hybrid_service.aws import ERRORS, Store
from hybrid_service.clock import elapsed
from hybrid_service.errors import LeaseLost, ServiceError, ServiceFailed
from hybrid_service.state import RUNNING, STOPPING
from hybrid_service.task.command import Command, free_port
from hybrid_service.task.identity import Identity
from hybrid_service.task.lease import Lease
from hybrid_service.task.relay import Relay
from hybrid_service.task.settings import TaskSettings
from hybrid_service.task.snapshots import Interrupted, Snapshots

log = logging.getLogger(__name__)

TICK = 0.1
QUIET = 5.0
"""Seconds that open requests have to be answered before a snapshot; it does not need it."""


class Supervisor:
    """One task of a service; :meth:`run` is all of it."""

    def __init__(
        self, settings: TaskSettings, identity: Identity, words: Sequence[str], store: Store
    ) -> None:
        self.settings = settings
        self.identity = identity
        self.words = words
        self.lease = Lease(store, settings.generation, settings.lease)
        self.work = Path(tempfile.mkdtemp(prefix="hybrid-service-"))
        self.snapshots = Snapshots(store, self.lease, settings.data, self.work)
        self.asked_to_end = threading.Event()
        self._over = threading.Event()
        self._began = elapsed()

    def run(self) -> str:
        """Serve until there is a reason to end; return it.

        Raise LeaseLost when the service is another task's, ServiceError for what does not start.
        """
        try:
            return self._run()
        finally:
            self._over.set()
            shutil.rmtree(self.work, ignore_errors=True)

    def _run(self) -> str:
        self.lease.take(self.identity.task)
        threading.Thread(target=self.lease.keep, args=(self._over,), daemon=True).start()
        try:
            restored = self.snapshots.restore()
            log.info("restored %s", restored.key if restored else "nothing: there is no snapshot")
            self.snapshots.prove()
            self._sweep()
            port = free_port()
            listener = self._listen()
            command = Command(self.words, port, self.settings.data, self.settings.health)
        except LeaseLost:
            raise
        except Exception as error:
            self._give_up(error)
            raise
        relay = Relay(listener, port, lambda: self.lease.holds)
        try:
            return self._serve(command, relay, listener.getsockname()[1])
        finally:
            command.kill()
            relay.end()

    def _serve(self, command: Command, relay: Relay, port: int) -> str:
        try:
            self._wait_until_healthy(command)
        except ServiceError as error:
            self._give_up(error)
            raise
        relay.start()
        self.lease.update(phase=RUNNING, endpoint=f"{self.identity.address}:{port}")
        log.info("serving at %s:%d", self.identity.address, port)
        reason = self._watch(command, relay)
        log.info("ending: %s", reason)
        self._finish(command, relay, reason)
        return reason

    def _watch(self, command: Command, relay: Relay) -> str:
        """Make snapshots until there is a reason to end."""
        due = elapsed() + self.settings.interval
        while not (reason := self._reason(command, relay)):
            if elapsed() >= due:
                self._snapshot(command, relay)
                due = elapsed() + self.settings.interval
            self.asked_to_end.wait(TICK)
        return reason

    def _reason(self, command: Command, relay: Relay) -> str:
        if not self.lease.holds:
            raise LeaseLost("the lease has run out", where=self.lease.store.where(""))
        status = command.poll()
        if status is not None:
            return f"the command has ended with status {status}"
        if self.asked_to_end.is_set():
            return "asked to end"
        if relay.idle >= self.settings.idle:
            return f"idle for {self.settings.idle:g} s"
        if elapsed() - self._began >= self.settings.lifetime:
            return f"the lifetime of {self.settings.lifetime:g} s is over"
        return ""

    def _snapshot(self, command: Command, relay: Relay) -> None:
        @contextmanager
        def still() -> Iterator[None]:
            try:
                if not relay.hold(min(QUIET, self.settings.interval / 2)):
                    log.info("a request is open: the snapshot is of a moment within it")
                command.still()
                yield
            finally:
                command.go_on()
                relay.go_on()

        try:
            snapshot = self.snapshots.take(
                still, lambda: not self.asked_to_end.is_set() and self.lease.holds
            )
        except Interrupted:
            log.info("the snapshot was given up: the task is to end")
        except LeaseLost:
            raise
        except (*ERRORS, OSError, ServiceError) as error:
            log.error("no snapshot: %s", error)  # noqa: TRY400 - the next one may succeed
        else:
            log.info("snapshot %s", snapshot.key if snapshot else "not needed: nothing changed")

    def _finish(self, command: Command, relay: Relay, reason: str) -> None:
        """End the command in order and make the last snapshot known."""
        deadline = elapsed() + self.settings.stop * 0.9
        relay.close(min(QUIET, self.settings.stop / 8))
        self._tell_stopping()
        status = command.end(min(10.0, self.settings.stop / 4))
        log.info("the command has ended with status %d", status)

        @contextmanager
        def still() -> Iterator[None]:
            yield  # nothing writes any more

        while True:
            try:
                snapshot = self.snapshots.take(still, lambda: self.lease.holds)
                log.info("last snapshot %s", snapshot.key if snapshot else "not needed")
                self.lease.release(reason, failed=False)
            except (Interrupted, LeaseLost) as error:
                raise LeaseLost("the lease ran out before the last snapshot") from error
            except (*ERRORS, OSError, ServiceError) as error:
                log.error("no last snapshot yet: %s", error)  # noqa: TRY400 - tried again
                if elapsed() > deadline:
                    raise
                time.sleep(0.5)
            else:
                return

    def _tell_stopping(self) -> None:
        try:
            self.lease.update(phase=STOPPING, endpoint="")
        except ERRORS as error:
            log.warning("cannot say that the task is ending: %s", error)

    def _wait_until_healthy(self, command: Command) -> None:
        deadline = elapsed() + self.settings.start
        while not command.is_healthy():
            if not self.lease.holds:
                raise LeaseLost("the lease has run out", where=self.lease.store.where(""))
            status = command.poll()
            late, ended = elapsed() > deadline, status is not None
            if late or ended or self.asked_to_end.is_set():
                what = (
                    f"ended with status {status} before it was healthy"
                    if ended
                    else f"was not healthy within {self.settings.start:g} s"
                )
                raise ServiceFailed(
                    f"the command {what}" if late or ended else "asked to end before it served",
                    where=" ".join(self.words),
                    expected=f"an answer to GET {self.settings.health or '(a connection)'}",
                    fix="see the log of the task",
                )
            time.sleep(0.05)

    def _listen(self) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # The address of the task alone: nothing else of it is to be reached from outside.
        listener.bind((self.identity.address, self.settings.port))
        return listener

    def _sweep(self) -> None:
        try:
            self.snapshots.sweep()
        except ERRORS as error:
            log.warning("cannot delete what former tasks left: %s", error)

    def _give_up(self, error: Exception) -> None:
        try:
            self.lease.release(str(error).splitlines()[0], failed=True)
        except (*ERRORS, ServiceError) as another:
            log.warning("cannot give the service back: %s", another)
