"""The snapshots of a service: the newest complete one restored, new ones made known."""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from hybrid_service.aws import ERRORS, GONE, Store, code_of
from hybrid_service.errors import SnapshotError
from hybrid_service.state import KEPT_SNAPSHOTS, SNAPSHOTS, Snapshot
from hybrid_service.task import archive
from hybrid_service.task.lease import Lease

log = logging.getLogger(__name__)

Stillness = Callable[[], AbstractContextManager[None]]
"""What keeps the files of the data folder as they are for the time of a block."""


class Interrupted(Exception):
    """A snapshot was given up because the task is to end."""


class Snapshots:
    """The snapshots that one task restores and makes; ``work`` is a folder for drafts."""

    def __init__(self, store: Store, lease: Lease, data: Path, work: Path) -> None:
        self.store = store
        self.lease = lease
        self.data = data
        self.work = work
        self._number = 0
        self._last = ""

    def restore(self) -> Snapshot | None:
        """Fill the data folder from the newest complete snapshot; None if there never was one.

        Raise SnapshotError when there are snapshots and none of them is whole, or the newest whole
        one cannot be read now: a task must not begin with less than there was.
        """
        self.data.mkdir(parents=True, exist_ok=True)
        if any(self.data.iterdir()):
            raise SnapshotError(
                "the data folder is not empty",
                where=str(self.data),
                expected="an empty folder: a task begins with what its last snapshot has",
                fix="give each task a folder of its own (HYBRID_DATA)",
            )
        known = self.lease.state.snapshots
        for snapshot in known:
            try:
                self._restore(snapshot)
            except (SnapshotError, *ERRORS) as error:
                log.error("cannot read the snapshot %s: %s", snapshot.key, error)  # noqa: TRY400
                self._empty()
                if not isinstance(error, SnapshotError) and code_of(error) not in GONE:
                    raise self._unread(snapshot, error) from error
                continue
            return snapshot
        if known:
            raise SnapshotError(
                "none of the snapshots can be read",
                where=", ".join(self.store.where(snapshot.key) for snapshot in known),
                expected="at least one whose size and SHA-256 are those of the state",
                fix="restore an earlier version of these objects; the bucket is versioned",
            )
        return None

    def prove(self) -> None:
        """Raise SnapshotError unless this task may make snapshots.

        A task must not answer what it cannot keep.
        """
        key = f"{SNAPSHOTS}{self.lease.generation:08d}-000000.probe"
        with tempfile.TemporaryDirectory(dir=self.work) as draft:
            probe = Path(draft, "probe")
            probe.touch()
            try:
                self.store.upload(probe, key, lambda _: None)
            except ERRORS as error:
                raise SnapshotError(
                    "the task cannot save snapshots",
                    where=f"{self.store.where(key)}: {error}",
                    expected="a bucket, and a key of it, that the task's role may write to",
                    fix="apply the stack again, or see what denies it to the task's role",
                ) from error
        self._delete(key)

    def take(self, still: Stillness, go_on: Callable[[], bool]) -> Snapshot | None:
        """Make a snapshot and make it known; None if nothing has changed since the last one.

        ``go_on`` is asked now and then; raise Interrupted when it says no, LeaseLost when the
        state is another's by now.
        """
        with tempfile.TemporaryDirectory(dir=self.work) as draft:
            plain, packed = Path(draft, "data.tar"), Path(draft, "data.tar.gz")
            with still():
                moment = time.time()
                archive.pack(self.data, plain)
            digest = archive.sha256(plain)
            if digest == self._last:
                self.lease.update(saved=moment)
                return None
            snapshot = self._upload(plain, packed, moment, go_on)
            self._last = digest
            return snapshot

    def sweep(self) -> None:
        """Delete what former tasks uploaded and the state does not name."""
        named = {snapshot.key for snapshot in self.lease.state.snapshots}
        for key in self.store.keys(SNAPSHOTS):
            generation = key.removeprefix(SNAPSHOTS).partition("-")[0]
            former = generation.isdigit() and int(generation) < self.lease.generation
            if key not in named and former:
                self.store.delete(key)

    def _upload(
        self, plain: Path, packed: Path, moment: float, go_on: Callable[[], bool]
    ) -> Snapshot:
        def check(_: int = 0) -> None:
            if not go_on():
                raise Interrupted

        archive.compress(plain, packed)
        check()
        self._number += 1
        key = f"{SNAPSHOTS}{self.lease.generation:08d}-{self._number:06d}.tar.gz"
        size = packed.stat().st_size
        version, uploaded = self.store.upload(packed, key, check)
        if uploaded != size:
            raise SnapshotError(
                f"the upload has {uploaded} bytes, not {size}", where=self.store.where(key)
            )
        snapshot = Snapshot(key, version, size, archive.sha256(packed), moment)
        known = (snapshot, *self.lease.state.snapshots)
        self.lease.update(snapshots=known[:KEPT_SNAPSHOTS], saved=moment)
        self._forget(known[KEPT_SNAPSHOTS:])
        return snapshot

    def _forget(self, old: tuple[Snapshot, ...]) -> None:
        for snapshot in old:
            self._delete(snapshot.key)

    def _delete(self, key: str) -> None:
        try:
            self.store.delete(key)
        except ERRORS as error:
            log.warning("cannot delete %s, the next task will: %s", key, error)

    def _restore(self, snapshot: Snapshot) -> None:
        with tempfile.TemporaryDirectory(dir=self.work) as draft:
            file = Path(draft, "data.tar.gz")
            self.store.download(snapshot.key, snapshot.version, file)
            found = archive.sha256(file)
            if file.stat().st_size != snapshot.size or found != snapshot.sha256:
                raise SnapshotError(
                    f"the snapshot has {file.stat().st_size} bytes with SHA-256 {found}",
                    where=self.store.where(snapshot.key),
                    expected=f"{snapshot.size} bytes with SHA-256 {snapshot.sha256}",
                )
            archive.unpack(file, self.data)

    def _unread(self, snapshot: Snapshot, error: Exception) -> SnapshotError:
        return SnapshotError(
            "the newest snapshot cannot be read now",
            where=f"{self.store.where(snapshot.key)}: {error}",
            expected="an answer of S3; an older snapshot would lose what came after it",
            fix="nothing, if S3 had trouble: the next task tries again. Else let the task's role "
            "read it",
        )

    def _empty(self) -> None:
        for path in self.data.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
