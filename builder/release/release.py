"""A release: the resumable walk from sources to a published layer version.

Every step looks for its own evidence before it acts, so that running it again after a crash, or
at the same time elsewhere, continues and never repeats.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import cached_property, partial

from builder.aws.layers import LayerVersion
from builder.builds.artifact import Artifact, keep
from builder.builds.attempt_state import attempt_state
from builder.builds.obtain import Obtaining, StillBuilding
from builder.builds.push import Pushing
from builder.clock import Clock
from builder.errors import (
    ArtifactError,
    BuildFailed,
    InfrastructureError,
    LayerError,
    LayerRetired,
    PlanOutdated,
)
from builder.functions.move import hand_over
from builder.layer.attempt import Attempt
from builder.layer.layer import Layer
from builder.layer.record import Record, Release
from builder.layer.steps import KEEP, MOVE, PUBLISH, RECORD, SHARE, Stopwatch
from builder.layer.token import Token
from builder.progress import Progress
from builder.release.attest import attest
from builder.release.clear import clear_away
from builder.release.leftovers import sweep
from builder.release.prune import tidy
from builder.release.publish import find_version, publish, settle
from builder.release.share import share
from builder.spec.app_spec import AppSpec

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Order:
    """What to release: the approved token, why, and whether an existing artifact will do.

    ``fresh`` demands a new build and a new version even if the fingerprint has both (a forced
    rebuild). With ``debug`` the build logs more and makes the same. ``begun`` says that the token
    was begun before: should it not be any more, the layer was retired.
    """

    token: Token
    reason: str
    fresh: bool = False
    debug: bool = False
    begun: bool = False


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
    kept, and a later call continues from there. Raise LayerRetired when the layer was retired
    meanwhile: then nothing of the release is left.
    """
    return _Walk(layer, order, progress, clock or Clock()).run()


def advance(
    layer: Layer,
    order: Order,
    *,
    progress: Progress = lambda _line: None,
    clock: Clock | None = None,
    sweeps: bool = True,
) -> Release | None:
    """Go as far towards the release as can be gone without waiting for a build.

    Return the release, or None while a build runs: the next call after it has ended (by the
    publisher function, the next apply, a person) continues from there. Raises what
    :func:`ensure` raises. Without ``sweeps`` what is left of retired layers stays.
    """
    try:
        walk = _Walk(layer, order, progress, clock or Clock(), waits=False, sweeps=sweeps)
        return walk.run()
    except StillBuilding as building:
        for build_id in building.builds:
            progress(f"build {build_id} runs; the release goes on when it has ended")
        if sweeps:
            # Who finishes the release may be the publisher, which may not delete other layers.
            sweep(layer.services, AppSpec(layer.app), progress, layer.services.functions.uses)
        return None


@dataclass(frozen=True)
class _Walk:
    layer: Layer
    order: Order
    progress: Progress
    clock: Clock
    waits: bool = True
    sweeps: bool = True

    @cached_property
    def watch(self) -> Stopwatch:
        """The times of this walk's steps."""
        return Stopwatch(self.clock)

    def run(self) -> Release:
        self._require_bucket()
        record = self._begin()
        with self.layer.records.held(self.order.token):
            try:
                return self._release_of(record)
            except LayerError as error:
                if not isinstance(error, LayerRetired) and self._is_held():
                    raise
                clear_away(self.layer, self.order.token, self.progress)
                if isinstance(error, LayerRetired):
                    raise
                raise self.layer.records.retired(self.order.token) from error

    def _is_held(self) -> bool:
        """Whether nobody has retired the layer meanwhile, as far as can be seen."""
        try:
            return self.layer.records.is_held()
        except LayerError:
            return True

    def _release_of(self, record: Record) -> Release:
        released = record.release_for(self.order.token)
        published = released is None
        if released is None:
            attempt = self._open(record)
            artifact, version, push = self._publish(attempt, record)
            with self.watch.timed(RECORD):
                record, released = settle(
                    self.layer,
                    self._release(artifact, version, push),
                    since=attempt.since,
                    ours=version.fresh,
                    moving=self._was_kept(artifact),
                )
            self.progress(f"published {released.layer_arn}")
        if record.current == released and record.unshared(
            self.layer.spec.share, self.layer.spec.parameter
        ):
            with self.watch.timed(SHARE):
                share(self.layer, released, progress=self.progress)
        # After the record: a newer release must be known before it touches functions, and what
        # functions are owed must be known if we are killed here.
        seen = None
        if record.current == released and record.owed(self.layer.spec.functions):
            with self.watch.timed(MOVE):
                moves = hand_over(self.layer, released, progress=self.progress, clock=self.clock)
            moves.check()
            seen = moves.seen
        if published:
            self._note_times(released)
            tidy(self.layer, self.progress, seen, sweeps=self.sweeps)
        return released

    def _note_times(self, released: Release) -> None:
        """Say and remember how long each step took since the build has ended.

        All is done by then, so a record that cannot be written is no failure of the release, unless
        it is gone.
        """
        steps = self.watch.steps(released.number)
        log.debug("%s: released version %s in %s", self.layer.name, released.version, steps)
        try:
            self.layer.records.change(lambda record: record.timed(steps))
        except LayerRetired:
            raise
        except LayerError as error:
            log.debug("%s: its times are not kept: %s", self.layer.name, error.what)

    def _open(self, record: Record) -> Attempt:
        if record.attempt is None:
            raise BuildFailed("no build was begun", where=f"record of {self.layer.name!r}")
        return record.attempt

    def _publish(self, attempt: Attempt, record: Record) -> tuple[Artifact, LayerVersion, str]:
        artifact = self._obtain(attempt, record)
        push = self._push(attempt, artifact) if self.layer.spec.image else ""
        try:
            with self.watch.timed(PUBLISH):
                version = publish(
                    self.layer,
                    artifact,
                    self.order.token,
                    since=attempt.since,
                    clock=self.clock,
                    progress=self.progress,
                )
        except ArtifactError as error:
            failure = error.what.splitlines()[0][:300]
            self.layer.records.note(
                self.order.token, lambda attempt: replace(attempt, failure=failure)
            )
            raise
        with self.watch.timed(KEEP):
            keep(self.layer.services.store, artifact, self.layer.keys)
            attest(self.layer, artifact, self.progress)
        return artifact, version, push

    def _push(self, attempt: Attempt, artifact: Artifact) -> str:
        """Have the image pushed, unless one of the artifact is there; return the build of it."""
        token = self.order.token
        there = find_version(self.layer, artifact, token, attempt.since)
        # Behind the look: who has pushed it has noted that before, or has released it.
        record = self.layer.records.load_or_new()
        if record.attempt is not None and record.attempt.token == token:
            attempt = record.attempt
        if there is not None:
            released = record.release_for(token)
            return released.push if released else attempt.push
        return Pushing(
            self.layer,
            artifact,
            token,
            attempt,
            progress=self.progress,
            clock=self.clock,
            waits=self.waits,
        ).run()

    def _was_kept(self, artifact: Artifact) -> bool:
        """Whether it was published before; then all that was due were functions, or its version."""
        return artifact.key == self.layer.keys.verified.archive(self.order.token.fingerprint)

    def _obtain(self, attempt: Attempt, record: Record) -> Artifact:
        return Obtaining(
            self.layer,
            self.order.token,
            attempt,
            progress=self.progress,
            clock=self.clock,
            waits=self.waits,
            debug=self.order.debug,
            lessons=record.lessons,
            wheels=record.current is not None and record.current.wheels_alone,
            watch=self.watch,
        ).run()

    def _release(self, artifact: Artifact, version: LayerVersion, push: str) -> Release:
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
            build_id=artifact.build_id,
            builds=artifact.manifest.parts,
            published_at=self.clock.timestamp(),
            image_uri=version.image_uri,
            wheels_alone=artifact.manifest.wheels_alone,
            push=push,
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
        # Numbers begin with 1, or follow that of an approval.
        if record is None and self.order.token.number > 1 and self.layer.approved() is None:
            raise self.layer.records.retired(self.order.token)
        consumed = record.consumed if record else 0
        return self.layer.records.change(partial(self._begun, since=consumed))

    def _note_unseen_failure(self, last: Attempt) -> None:
        """Note that an earlier build failed unseen, so that it is not joined."""
        if not last.is_open or last.token == self.order.token:
            return
        failed = attempt_state(self.layer, last, clock=self.clock).noted()
        if failed == last:
            return
        self.layer.records.change(
            lambda record: replace(record, attempt=failed) if record.attempt == last else record
        )

    def _begun(self, record: Record, *, since: int) -> Record:
        """Return the record with the token begun, unless it is not the one ``since`` then."""
        token, last = self.order.token, record.attempt
        if record.release_for(token) is not None or (last is not None and last.token == token):
            return record
        if record.consumed >= token.number:
            raise self._overtaken(record)
        if self.order.begun or record.consumed < since:
            raise self.layer.records.retired(token)
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
        number, of_another = self.order.token.number, ""
        if record.consumed == number:
            of_another = ", of other sources or by another apply,"
        return PlanOutdated(
            f"build {number} of layer {self.layer.name!r} was overtaken: "
            f"build {record.consumed}{of_another} has begun meanwhile",
            where=self.layer.records.url,
            expected="the highest number that was approved",
            fix="run plan again and apply that plan; nothing was built",
        )
