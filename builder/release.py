"""A release: the resumable walk from sources to a published layer version.

Every step looks for its own evidence before it acts, so that running it again after a crash, or
at the same time elsewhere, continues and never repeats.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from builder.artifact import Artifact, find_artifact
from builder.aws.layers import LayerVersion
from builder.build import find_build, finish_build, has_ended, start_build
from builder.clock import Clock
from builder.errors import (
    ArtifactError,
    BuildFailed,
    InfrastructureError,
    PlanOutdated,
)
from builder.functions import hand_over
from builder.layer import Layer
from builder.prune import tidy
from builder.publish import publish
from builder.record import Attempt, Record, Release, Token

log = logging.getLogger(__name__)

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Order:
    """What to release: the approved token, why, and whether an existing artifact will do.

    ``fresh`` demands a new build and a new version even if the fingerprint has both (a forced
    rebuild). ``debug`` makes the build talkative and has no influence on what it makes.
    """

    token: Token
    reason: str
    fresh: bool = False
    debug: bool = False


def ensure(
    layer: Layer,
    order: Order,
    *,
    progress: Progress = lambda _line: None,
    clock: Clock | None = None,
) -> Release:
    """Make the order's token the published release of the layer, and return that release.

    Safe to run again and at the same time: builds are joined, versions are adopted. Raise
    BuildFailed, ArtifactError, InfrastructureError, PlanOutdated, ConflictError, AwsError or, when
    all is published and functions were not moved, FunctionsNotMoved; what was reached by then is
    kept, and a later call continues from there.
    """
    return _Walk(layer, order, progress, clock or Clock()).run()


def advance(
    layer: Layer,
    order: Order,
    *,
    progress: Progress = lambda _line: None,
    clock: Clock | None = None,
) -> Release | None:
    """Go as far towards the release as can be gone without waiting for a build.

    Return the release, or None while a build runs: whoever calls again when it has ended (the
    publisher function, the next apply, a person) continues from there. Raises what
    :func:`ensure` raises.
    """
    try:
        return _Walk(layer, order, progress, clock or Clock(), waits=False).run()
    except _StillBuilding as building:
        progress(f"build {building.build_id} runs; the release goes on when it has ended")
        return None


class _StillBuilding(Exception):
    """The walk has come to a build that runs, and is not to wait for it."""

    def __init__(self, build_id: str) -> None:
        super().__init__(build_id)
        self.build_id = build_id


@dataclass(frozen=True)
class _Walk:
    layer: Layer
    order: Order
    progress: Progress
    clock: Clock
    waits: bool = True

    def run(self) -> Release:
        self._require_bucket()
        record = self._begin()
        released = self._released(record)
        published = released is None
        if released is None:
            artifact, version = self._publish(record)
            released = release = self._release(artifact, version)
            record = self.layer.records.change(lambda record: record.published(release))
            self.progress(f"published {version.arn}")
        # After the record: a newer release must be known before it touches functions, and what
        # functions are owed must be known if we are killed here.
        if record.current == released and record.owed(self.layer.spec.functions):
            hand_over(self.layer, released, progress=self.progress, clock=self.clock).check()
        if published:
            tidy(self.layer, self.progress)
        return released

    def _released(self, record: Record) -> Release | None:
        known = (*([record.current] if record.current else []), *record.releases)
        return next((release for release in known if release.token == self.order.token), None)

    def _publish(self, record: Record) -> tuple[Artifact, LayerVersion]:
        attempt = record.attempt
        if attempt is None:
            raise BuildFailed("no build was begun", where=f"record of {self.layer.name!r}")
        try:
            artifact = self._existing(attempt) or self._build(attempt)
            version = publish(
                self.layer,
                artifact,
                self.order.token,
                since=attempt.since,
                clock=self.clock,
                progress=self.progress,
            )
        except (BuildFailed, ArtifactError) as error:
            self._note(failure=error.what.splitlines()[0][:300])
            raise
        return artifact, version

    def _release(self, artifact: Artifact, version: LayerVersion) -> Release:
        return Release(
            number=self.order.token.number,
            fingerprint=self.order.token.fingerprint,
            layer_arn=version.arn,
            version=version.version,
            code_sha256=artifact.manifest.code_sha256,
            unzipped_size=artifact.manifest.unzipped_size,
            zipped_size=artifact.manifest.zipped_size,
            packages=len(artifact.manifest.packages),
            reason=self.order.reason,
            build_id=artifact.manifest.build_id,
            published_at=self.clock.timestamp(),
        )

    def _require_bucket(self) -> None:
        store = self.layer.services.store
        if not store.bucket_exists():
            raise InfrastructureError(
                f"there is no bucket {store.bucket!r}",
                where=f"layer {self.layer.name!r}",
                expected="the bucket that the stack declares",
                fix="apply the whole stack once, without -target",
            )

    def _begin(self) -> Record:
        """Consume the token's number, taking over a build that is under way already."""
        record = self.layer.records.load()
        if record is not None and record.attempt is not None:
            self._note_unseen_failure(record.attempt)
        return self.layer.records.change(self._begun)

    def _note_unseen_failure(self, last: Attempt) -> None:
        """Remember that an earlier build failed while nobody watched, so as not to join it."""
        if last.failure or not last.build_id or last.token == self.order.token:
            return
        state = self.layer.services.codebuild.state(last.build_id)
        if state is not None and (state.running or state.succeeded):
            return
        failed = replace(last, failure=state.failure or state.status if state else "forgotten")
        self.layer.records.change(
            lambda record: replace(record, attempt=failed) if record.attempt == last else record
        )

    def _begun(self, record: Record) -> Record:
        token, last = self.order.token, record.attempt
        if self._released(record) is not None or (last is not None and last.token == token):
            return record
        if record.consumed >= token.number:
            raise self._overtaken(record)
        return record.begun(
            Attempt.after(
                last,
                token,
                fresh=self.order.fresh,
                reason=self.order.reason,
                started_at=self.clock.timestamp(),
            )
        )

    def _overtaken(self, record: Record) -> PlanOutdated:
        return PlanOutdated(
            f"build {self.order.token.number} of layer {self.layer.name!r} was overtaken: "
            f"somebody has begun build {record.consumed}",
            where=self.layer.services.store.url(f"{self.layer.name}/record.json"),
            expected="the highest number that was approved",
            fix="run plan again and apply that plan; nothing was built",
        )

    def _existing(self, attempt: Attempt) -> Artifact | None:
        """Return the artifact if there is one that this attempt may use."""
        try:
            artifact = self._find()
        except ArtifactError as error:
            self.progress(f"not using the artifact that is there: {error.what}")
            return None
        if artifact is None or (attempt.fresh and not _made_by(artifact, attempt.build_id)):
            log.debug("%s: a build is needed: artifact %s, %s", self.layer.name, artifact, attempt)
            return None
        self.progress(f"using the artifact of build {artifact.manifest.build_id}")
        return artifact

    def _build(self, attempt: Attempt) -> Artifact:
        build_id = attempt.build_id or find_build(self.layer, self.order.token, since=attempt.since)
        if build_id:
            self.progress(f"joining build {build_id}")
            self._note(build_id=build_id)
        else:
            # A forgotten build may have ended since we looked for its artifact.
            artifact = self._existing(attempt)
            if artifact is not None:
                return artifact
            build_id = self._start(attempt)
        self._finish(build_id)
        artifact = self._find()
        if artifact is None or (attempt.fresh and not _made_by(artifact, build_id)):
            raise ArtifactError(
                f"build {build_id} succeeded and left no artifact",
                where=self.layer.services.store.url(
                    f"{self.layer.artifact_folder}/{self.layer.fingerprint}/"
                ),
                expected="layer.zip and manifest.json",
                fix=f"see the build's log (lambda-layer logs {self.layer.name}), then apply again",
            )
        return artifact

    def _finish(self, build_id: str) -> None:
        if self.waits:
            finish_build(self.layer, build_id, progress=self.progress, clock=self.clock)
        elif not has_ended(self.layer, build_id):
            raise _StillBuilding(build_id)

    def _start(self, attempt: Attempt) -> str:
        build_id = start_build(
            self.layer,
            self.order.token,
            since=attempt.since,
            debug=self.order.debug,
            progress=self.progress,
        )
        self._note(build_id=build_id)
        return build_id

    def _note(self, *, build_id: str = "", failure: str = "") -> None:
        """Remember a fact of our attempt, unless another one has begun or it is over."""

        def note(record: Record) -> Record:
            attempt = record.attempt
            if attempt is None or attempt.token != self.order.token:
                return record
            known = replace(
                attempt,
                build_id=build_id or attempt.build_id,
                failure=failure or attempt.failure,
            )
            return replace(record, attempt=known)

        self.layer.records.change(note)

    def _find(self) -> Artifact | None:
        return find_artifact(
            self.layer.services.store, self.layer.artifact_folder, self.layer.fingerprint
        )


def _made_by(artifact: Artifact, build_id: str) -> bool:
    return build_id != "" and artifact.manifest.build_id == build_id
