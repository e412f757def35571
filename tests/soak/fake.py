"""AWS in memory: the services as the release machine uses them, with faults on demand.

Sources of how they behave: Amazon S3 user guide, "Conditional writes"; AWS Lambda API reference,
PublishLayerVersion (not idempotent, version numbers only grow) and UpdateFunctionConfiguration
(RevisionId); AWS CodeBuild API reference, StartBuild (idempotencyToken).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from builder.aws.codebuild import RECENT, BuildRequest, BuildState
from builder.aws.functions import Function, LayerUse, Uses
from builder.aws.layers import LayerVersion
from builder.aws.polls import Board
from builder.aws.services import Services
from builder.aws.store import Changed, StoredObject
from builder.clock import Clock
from builder.errors import AwsError, NotNow, Unanswered
from builder.protocol.variables import SEAL_VARIABLE
from tests.soak.stage import Actor, Stage

Answer = TypeVar("Answer")

LAYER = "arn:aws:lambda:eu-central-1:123456789012:layer:app-web"
IDEMPOTENT_SECONDS = 300.0
TURN_SECONDS = 0.1
"""Seconds after which a process that waits for its turn looks again; a call takes as long."""


@dataclass
class Build:
    request: BuildRequest
    started: float
    seconds: float
    ends_well: bool
    ended: bool = False
    stopped: bool = False
    exported: dict[str, str] = field(default_factory=dict)


@dataclass
class Machine:
    """What processes of one machine share (builder/aws/polls.py), of which one asks at a time."""

    board: Board = field(default_factory=Board)
    is_asking: bool = False


@dataclass
class Aws:
    """The state of the account. ``happens`` is what is under way, by when it happens."""

    stage: Stage
    objects: dict[str, StoredObject] = field(default_factory=dict)
    history: dict[tuple[str, str], StoredObject] = field(default_factory=dict)
    versions: dict[int, LayerVersion] = field(default_factory=dict)
    published: int = 0
    builds: dict[str, Build] = field(default_factory=dict)
    function: Function = field(
        default_factory=lambda: Function("web", "arn:f", runtime="python3.12", architecture="arm64",
                                         revision="0", state="Active", update="Successful")
    )  # fmt: skip
    moves: list[int] = field(default_factory=list)
    watch: Callable[[int, int], None] = lambda _before, _after: None
    happens: list[tuple[float, Callable[[], object]]] = field(default_factory=list)
    written: int = 0
    build_seconds: float = 20.0
    publish_seconds: float = 2.0
    builds_end_well: bool = True
    machine: Machine | None = None
    """The machine whose processes share looks at builds; without it each asks for itself."""
    journal: list[tuple[float, str]] = field(default_factory=list)
    """When each call was made, and of which service."""

    def pass_time(self) -> None:
        """Let happen what is due."""
        due = [entry for entry in self.happens if entry[0] <= self.stage.time]
        self.happens[:] = [entry for entry in self.happens if entry not in due]
        for _, event in sorted(due, key=lambda entry: entry[0]):
            event()

    def put(self, key: str, content: bytes) -> StoredObject:
        self.written += 1
        etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        stored = StoredObject(key, etag, str(self.written), len(content), content)
        self.objects[key] = self.history[key, stored.version] = stored
        return stored

    def add_version(self, token: str, app: str, content: bytes) -> LayerVersion:
        self.published += 1
        sha = base64.b64encode(hashlib.sha256(content).digest()).decode()
        version = LayerVersion(
            f"{LAYER}:{self.published}", self.published, token, sha, len(content), app
        )
        self.versions[version.version] = version
        return version

    def end(self, build_id: str) -> None:
        """Leave what a build makes; equal inputs make equal bytes."""
        build = self.builds[build_id]
        if build.stopped:
            return
        build.ended = True
        if not build.ends_well:
            return
        request = build.request
        content = f"zip of {request.artifact_name}".encode()
        folder = f"{request.artifact_folder}/{request.artifact_name}"
        manifest = {
            "schema": 1,
            "fingerprint": request.artifact_name,
            "code_sha256": base64.b64encode(hashlib.sha256(content).digest()).decode(),
            "unzipped_size": 10,
            "zipped_size": len(content),
            "packages": [],
            "build_id": build_id,
        }
        document = json.dumps(manifest).encode()
        build.exported = {SEAL_VARIABLE: hashlib.sha256(document).hexdigest()}
        self.put(f"{folder}/layer.zip", content)
        self.put(f"{folder}/manifest.json", document)

    def services(self, owner: Callable[[], Actor]) -> Services:
        """Return the services as one process reaches them."""
        return Services(
            store=cast(Any, _Store(self, owner)),
            codebuild=cast(Any, _CodeBuild(self, owner)),
            layers=cast(Any, _Layers(self, owner)),
            functions=cast(Any, _Functions(self, owner)),
            logs=cast(Any, _Logs()),
            parameters=cast(Any, None),  # its layers are shared with nobody
            keys=cast(Any, None),  # nor signed
            images=cast(Any, None),  # nor images
            registries=cast(Any, None),
        )


@dataclass
class _Service:
    aws: Aws
    owner: Callable[[], Actor]
    service = ""

    def call(self, act: Callable[[], Answer], calls: int = 1) -> Answer:
        """Wait for our turn, meet what is planned for us, act, and answer."""
        actor = self.aws.stage.actor(self.owner())
        actor.turn()
        self.aws.journal += [(self.aws.stage.time, self.service)] * calls
        self.aws.pass_time()
        fault = actor.faults.pop(0) if actor.faults else ""
        if fault == "throttled":
            raise NotNow("throttled")
        if fault == "unreachable":
            raise AwsError("AWS could not be called")
        if fault == "twice":
            # The answer was lost, and botocore has sent the request again.
            act()
        answer = act()
        if fault == "lost":
            raise AwsError("the answer was lost")
        return answer


class _Store(_Service):
    service = "S3"
    bucket = "bucket"

    def url(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def read(self, key: str) -> StoredObject | None:
        def act() -> StoredObject | None:
            found = self.aws.objects.get(key)
            return replace(found, answered=self.aws.stage.time) if found else None

        return self.call(act)

    def head(self, key: str) -> StoredObject | None:
        return self.read(key)

    def write(self, key: str, content: bytes, _content_type: str) -> StoredObject:
        return self.call(lambda: self.aws.put(key, content))

    def copy(self, key: str, version: str, target: str) -> str:
        def act() -> str:
            source = self.aws.history.get((key, version))
            if source is None:
                raise AwsError("NoSuchVersion")
            self.aws.put(target, source.content)
            return base64.b64encode(hashlib.sha256(source.content).digest()).decode()

        return self.call(act)

    def replace(
        self, key: str, content: bytes, _content_type: str, *, etag: str | None
    ) -> StoredObject:
        def act() -> StoredObject:
            present = self.aws.objects.get(key)
            if (present.etag if present else None) != etag:
                raise Changed(key)
            return self.aws.put(key, content)

        return self.call(act)

    def keys(self, prefix: str) -> list[str]:
        return self.call(lambda: [key for key in self.aws.objects if key.startswith(prefix)])

    def bucket_exists(self) -> bool:
        return self.call(lambda: True)

    def delete_all(self, prefix: str) -> int:
        def act() -> int:
            found = [key for key in self.aws.objects if key.startswith(prefix)]
            for key in found:
                del self.aws.objects[key]
            return len(found)

        return self.call(act)


class _CodeBuild(_Service):
    service = "CodeBuild"
    project = "app"

    def start(self, request: BuildRequest) -> BuildState:
        def act() -> BuildState:
            for build_id, build in self.aws.builds.items():
                recent = self.aws.stage.time - build.started < IDEMPOTENT_SECONDS
                if build.request.token == request.token and recent:
                    if build.request != request:
                        raise AwsError("InvalidInputException: the token has other parameters")
                    return self._state(build_id)
            build_id = f"app:{len(self.aws.builds) + 1}"
            aws, now = self.aws, self.aws.stage.time
            aws.builds[build_id] = Build(request, now, aws.build_seconds, aws.builds_end_well)
            aws.happens.append((now + aws.build_seconds, lambda: aws.end(build_id)))
            return self._state(build_id)

        return self.call(act)

    def stop(self, build_id: str) -> None:
        def act() -> None:
            build = self.aws.builds[build_id]
            build.stopped, build.ended = not build.ended, True

        self.call(act)

    def state(self, build_id: str) -> BuildState | None:
        return next(iter(self.states([build_id])), None)

    def states(self, build_ids: Iterable[str]) -> list[BuildState]:
        ids = list(build_ids)
        if not ids:
            return []
        return self.call(lambda: [self._state(i) for i in ids if i in self.aws.builds])

    def watched(self, build_ids: Iterable[str], age: float, _clock: Clock) -> list[BuildState]:
        ids, machine, stage = sorted(build_ids), self.aws.machine, self.aws.stage
        if machine is None or not ids:
            return self.states(ids)
        since = stage.time - age
        machine.board.wants(ids, stage.time)
        while machine.is_asking:
            stage.actor(self.owner()).turn(TURN_SECONDS)
        machine.is_asking = True
        try:
            known = machine.board.answer(ids, since)
            if known is None:
                due = machine.board.next_call(stage.time)
                stage.actor(self.owner()).turn(due - stage.time)
                chosen, began = machine.board.choose(ids), stage.time
                found = {state.id: {**vars(state)} for state in self.states(chosen)}
                machine.board.learn(chosen, began, found)
                known = machine.board.answer(ids, began)
        finally:
            machine.is_asking = False
        assert known is not None
        return [BuildState(**state) for state in known.values() if state is not None]

    def recent(self) -> list[BuildState]:
        # ListBuildsForProject, and BatchGetBuilds of what that names.
        calls = 2 if self.aws.builds else 1
        last = list(self.aws.builds)[-RECENT:]
        return self.call(lambda: [self._state(i) for i in reversed(last)], calls)

    def _state(self, build_id: str) -> BuildState:
        build = self.aws.builds[build_id]
        status = ("SUCCEEDED" if build.ends_well else "FAILED") if build.ended else "IN_PROGRESS"
        status = "STOPPED" if build.stopped else status
        return BuildState(
            id=build_id,
            status=status,
            phase="COMPLETED" if build.ended else "BUILD",
            log_group="",
            log_stream="",
            variables=dict(build.request.variables),
            failure="BUILD: exit status 1" if status == "FAILED" else "",
            started=datetime.fromtimestamp(build.started, UTC),
            seconds=min(self.aws.stage.time - build.started, build.seconds),
            limit_seconds=3600.0,
            exported=dict(build.exported),
        )


class _Layers(_Service):
    service = "Lambda"
    outlives_caller = True

    def publish(
        self, _name: str, *, key: str, object_version: str, token: str, app: str, **_rest: object
    ) -> LayerVersion:
        """Publish: that goes on in Lambda whether the caller lives to see it or not."""
        actor, made = self.aws.stage.actor(self.owner()), list[LayerVersion]()
        fault = actor.faults.pop(0) if actor.faults else ""

        def act() -> None:
            if fault in {"throttled", "unreachable"}:
                return
            stored = self.aws.history.get((key, object_version))
            if stored is None:
                raise AwsError("the object is gone")
            due = self.aws.stage.time + self.aws.publish_seconds
            content = stored.content
            self.aws.happens.append(
                (due, lambda: made.append(self.aws.add_version(token, app, content)))
            )

        self.call(act)
        if fault == "lost":
            raise Unanswered("the connection was reset", is_open=True)
        if fault in {"throttled", "unreachable"}:
            raise Unanswered("503 ServiceUnavailable")
        actor.turn(self.aws.publish_seconds)
        self.aws.pass_time()
        return made[0]

    def get(self, arn: str) -> LayerVersion | None:
        number = int(arn.rpartition(":")[2])
        return self.call(lambda: self.aws.versions.get(number))

    def exists(self, arn: str) -> bool:
        return self.get(arn) is not None

    def versions(self, _name: str) -> Iterator[LayerVersion]:
        found = self.call(lambda: list(self.aws.versions.values()))
        yield from (replace(v, code_sha256="", code_size=0) for v in reversed(found))

    def delete(self, _name: str, version: int) -> None:
        self.call(lambda: self.aws.versions.pop(version, None))


class _Functions(_Service):
    service = "Lambda"

    def get(self, function: str) -> Function | None:
        return self.call(lambda: self.aws.function if function == "web" else None)

    def uses(self, *, published: bool = True) -> Uses:
        def act() -> Uses:
            function = self.aws.function
            layers = [use.arn for use in function.layers]
            listed = [(function.name, "$LATEST", function.arn, layers)]
            return Uses.read(listed, published=published)

        return self.call(act)

    def give(self, function: Function, layers: Iterable[str]) -> bool:
        wanted = tuple(LayerUse(arn) for arn in layers)

        def act() -> bool:
            if function.revision != self.aws.function.revision:
                return False
            for use in wanted:
                if use.version not in self.aws.versions:
                    raise AwsError(f"InvalidParameterValueException: {use.arn} is gone")
            for use in self.aws.function.layers:
                self.aws.watch(use.version, wanted[-1].version)
            revision = str(int(self.aws.function.revision) + 1)
            self.aws.function = replace(self.aws.function, layers=wanted, revision=revision)
            self.aws.moves.append(wanted[-1].version)
            return True

        return self.call(act)

    def tags(self, _arn: str) -> dict[str, str]:
        return {}


class _Logs:
    def __getattr__(self, _name: str) -> Any:
        return lambda *_a, **_k: []
