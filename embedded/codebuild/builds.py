"""The records of builds: what the API tells about them, kept on disk, and their queue.

Source of the shapes: AWS CodeBuild API reference, "Build" and "BuildPhase".
"""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from embedded.codebuild.settings import InvalidInput

log = logging.getLogger(__name__)

Document = dict[str, Any]
TOKEN_SECONDS = 300
"""How long an idempotency token is remembered (API reference, "StartBuild")."""


class Record:
    """What is known of one build. Every change is passed to ``changed``, one at a time."""

    def __init__(self, document: Document, changed: Callable[[Record], None]) -> None:
        self._document = document
        self._changed = changed
        self._lock = threading.RLock()

    @property
    def id(self) -> str:
        """The build's id: project and UUID."""
        return str(self._document["id"])

    @property
    def uuid(self) -> str:
        """The second part of the id."""
        return self.id.partition(":")[2]

    @property
    def project(self) -> str:
        """The project's name."""
        return str(self._document["projectName"])

    @property
    def project_arn(self) -> str:
        """The ARN of the project that the build belongs to."""
        place = str(self._document["arn"]).partition(":build/")[0]
        return f"{place}:project/{self.project}"

    @property
    def start(self) -> float:
        """When it was started, in seconds since the epoch."""
        return float(self._document["startTime"])

    @property
    def phase(self) -> str:
        """The phase the build is in."""
        return str(self._document["currentPhase"])

    @property
    def is_complete(self) -> bool:
        """Whether the build has ended."""
        return bool(self._document["buildComplete"])

    @property
    def status(self) -> str:
        """IN_PROGRESS or how it ended."""
        return str(self._document["buildStatus"])

    def document(self) -> Document:
        """Return the record as the API gives it."""
        with self._lock:
            return copy.deepcopy(self._document)

    def update(self, **fields: Any) -> None:
        """Change fields of the record."""
        with self._lock:
            self._document.update(fields)
            self._changed(self)

    def begin(self, phase: str) -> None:
        """Enter a phase."""
        with self._lock:
            self._document["phases"].append({"phaseType": phase, "startTime": present()})
            self.update(currentPhase=phase)

    def finish(self, status: str, code: str = "", message: str = "") -> None:
        """Leave the phase the build is in, if it has not been left."""
        with self._lock:
            phases = self._document["phases"]
            if not phases or "phaseStatus" in phases[-1]:
                return
            phase = phases[-1]
            end = present()
            phase.update(
                phaseStatus=status,
                endTime=end,
                durationInSeconds=int(end - phase["startTime"]),
                contexts=[{"statusCode": code, "message": message}],
            )
            self._changed(self)

    def complete(self, status: str) -> None:
        """End the build."""
        with self._lock:
            end = present()
            self._document["phases"].append({"phaseType": "COMPLETED", "startTime": end})
            self.update(
                currentPhase="COMPLETED", buildStatus=status, buildComplete=True, endTime=end
            )


class Builds:
    """All builds of the agent, in a folder: one file a build.

    ``on_status`` is called when a build has entered a phase or ended, from the build's thread.
    """

    def __init__(self, folder: Path, on_status: Callable[[Document], None] | None = None) -> None:
        self.folder = folder
        self.on_status = on_status
        self.records: dict[str, Record] = {}
        self.tokens: dict[str, tuple[str, float, str]] = {}
        self._seen: dict[str, tuple[str, str]] = {}
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(folder.glob("*.json")):
            self._load(file)

    def _load(self, file: Path) -> None:
        stored = json.loads(file.read_text(encoding="utf-8"))
        record = Record(stored["build"], self._changed)
        self.records[record.id] = record
        if stored["token"]:
            self.tokens[stored["token"][0]] = (record.id, *stored["token"][1:])
        if not record.is_complete:
            # Its processes ended with the agent that ran them.
            message = "Internal error: the CodeBuild agent ended while the build ran"
            record.finish("FAULT", "INTERNAL_ERROR", message)
            record.complete("FAULT")

    def remembered(self, token: str, parameters: Document) -> Record | None:
        """Return the build started with a token; raise InvalidInput if with other values."""
        found = self.tokens.get(token)
        if found is None or found[1] < time.time() - TOKEN_SECONDS:
            return None
        build_id, _, digest = found
        if digest != fingerprint(parameters):
            raise InvalidInput(
                "The idempotency token was used before with other parameters: parameter mismatch"
            )
        return self.records.get(build_id)

    def add(
        self, document: Document, token: str = "", parameters: Document | None = None
    ) -> Record:
        """Take up a new build."""
        record = Record(document, self._changed)
        with self._lock:
            if token:
                self.tokens[token] = (record.id, time.time(), fingerprint(parameters or {}))
            self.records[record.id] = record
        self._changed(record)
        return record

    def remove(self, build_id: str) -> None:
        """Forget a build."""
        record = self.records.pop(build_id, None)
        if record:
            self._file(record).unlink(missing_ok=True)

    def ids(self, project: str | None, order: str) -> list[str]:
        """Return the ids of builds, of one project or all, by their start."""
        records = [r for r in self.records.values() if project in (None, r.project)]
        records.sort(key=lambda record: record.start, reverse=order != "ASCENDING")
        return [record.id for record in records]

    def _file(self, record: Record) -> Path:
        return self.folder / f"{record.uuid}.json"

    def _changed(self, record: Record) -> None:
        document = record.document()
        token = next(([t, *v[1:]] for t, v in list(self.tokens.items()) if v[0] == record.id), None)
        file = self._file(record)
        draft = file.with_suffix(".new")
        draft.write_text(json.dumps({"build": document, "token": token}), encoding="utf-8")
        draft.replace(file)
        now = (record.phase, record.status)
        if self._seen.get(record.id) != now:
            self._seen[record.id] = now
            if self.on_status:
                self.on_status(document)


class Queue:
    """Lets the builds of a project run in the order of their start, so many at a time."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, str]] = []
        self._running: list[tuple[str, str]] = []
        self._turn = threading.Condition()

    def enter(self, project: str, build_id: str) -> None:
        """Join the end of the queue."""
        with self._turn:
            self._waiting.append((project, build_id))

    def wait(self, project: str, build_id: str, limit: int, given_up: Callable[[], bool]) -> bool:
        """Wait for the build's turn; return False when it has been given up before."""
        me = (project, build_id)
        with self._turn:
            while not given_up():
                running = sum(1 for other, _ in self._running if other == project)
                first = next(entry for entry in self._waiting if entry[0] == project)
                if first == me and (not limit or running < limit):
                    self._waiting.remove(me)
                    self._running.append(me)
                    self._turn.notify_all()
                    return True
                self._turn.wait(timeout=1)
        return False

    def leave(self, project: str, build_id: str) -> None:
        """Make room for the next."""
        with self._turn:
            for entries in (self._waiting, self._running):
                if (project, build_id) in entries:
                    entries.remove((project, build_id))
            self._turn.notify_all()

    def wake(self) -> None:
        """Let every waiting build look again whether it has been given up."""
        with self._turn:
            self._turn.notify_all()


def fingerprint(parameters: Document) -> str:
    """Return a digest of a request's parameters, however they are ordered."""
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()


def present() -> float:
    """Return the present time as the API has it."""
    return round(time.time(), 3)


def uuids(ids: Iterable[str]) -> list[str]:
    """Return ids without their ARN, as the API takes both."""
    return [i.rpartition(":build/")[2] for i in ids]
