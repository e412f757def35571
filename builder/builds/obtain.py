"""The artifact of an attempt: found, or built by one build, or by one a target and a merge.

Each build looks for its own evidence before it is started: what it makes is there already, it is
known to run, it was started and forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from builder.aws.codebuild import BuildState
from builder.builds.artifact import Artifact, find_artifact
from builder.builds.compute import NO_ROOM, Compute
from builder.builds.part import Part, find_part
from builder.builds.start import PLACES, Job, find_build, start_build, upload_bundle
from builder.builds.vouch import objection
from builder.builds.wait import finish_builds, look_at
from builder.clock import Clock
from builder.errors import (
    ArtifactError,
    BuildFailed,
    BuildNotProvisioned,
    ComputeRefused,
    QuotaUsedUp,
    RoleNotReady,
)
from builder.layer.attempt import Attempt, Lesson
from builder.layer.layer import Layer
from builder.layer.steps import VERIFY, Stopwatch
from builder.layer.token import Token
from builder.progress import Progress, named
from builder.protocol.keys import ARCHIVE, MANIFEST, PART_ARCHIVE, PART_RECEIPT
from builder.spec.compute import LAMBDA, kind_of

ROLE_PAUSE = 10.0
"""Seconds before a build is started again whose role could not be assumed."""


CAUSE_LENGTH = 300
"""Characters of a failure's cause, and of what it teaches, that the record keeps."""

TRIES = 10
"""Builds of one request within five minutes that are looked at before one is believed."""


class StillBuilding(Exception):
    """The artifact is not there yet, and is not to be waited for; ``builds`` are under way."""

    def __init__(self, builds: tuple[str, ...]) -> None:
        super().__init__(", ".join(builds))
        self.builds = builds


class Obtaining:
    """One walk to the artifact of the attempt that a token has begun.

    Without ``waits`` StillBuilding is raised instead of waiting for builds. With ``debug`` builds
    log more. ``lessons`` are the record's: where builds are known to fail. ``wheels`` says that the
    last release was of wheels alone. ``watch`` begins when a build has ended.
    """

    def __init__(  # noqa: PLR0913 - all but three are by keyword
        self,
        layer: Layer,
        token: Token,
        attempt: Attempt,
        *,
        progress: Progress,
        clock: Clock,
        waits: bool = True,
        debug: bool = False,
        lessons: Mapping[str, Lesson] | None = None,
        wheels: bool = False,
        watch: Stopwatch | None = None,
    ) -> None:
        self.layer = layer
        self.token = token
        self.attempt = attempt
        self._uploaded = ""
        self._clock = clock
        self._waits = waits
        self._debug = debug
        self._watch = watch or Stopwatch(clock)
        self._progress = named(["", *self._runtimes], progress)
        self._compute = Compute(layer, lessons or {}, clock, wheels=wheels)

    def run(self) -> Artifact:
        """Return the artifact, with whatever builds that takes.

        Raise BuildFailed, ArtifactError or StillBuilding. What failed is noted in the record: the
        next attempt distrusts that, and nothing else.
        """
        made = self._existing("")
        if made is None:
            made = self._make([Job(parts=self._parts(), since=self.attempt.since_of(""))])[""]
        assert isinstance(made, Artifact)
        return made

    def _parts(self) -> tuple[Part, ...]:
        """Return what is to be merged, nothing when there is one target."""
        if len(self._runtimes) == 1:
            return ()
        made = self._make([Job(name, since=self.attempt.since_of(name)) for name in self._runtimes])
        # In the order of the targets, whichever were there: equal merges are one build.
        return tuple(part for name in self._runtimes if isinstance(part := made[name], Part))

    @property
    def _runtimes(self) -> list[str]:
        return [target.runtime for target in self.layer.spec.targets]

    def _make(self, jobs: Sequence[Job]) -> dict[str, Artifact | Part]:
        """Return what the jobs make, by runtime: all are started before one is waited for."""
        made: dict[str, Artifact | Part] = {}
        builds: dict[str, str] = {}
        for job in jobs:
            runtime = job.runtime
            # The artifact itself has been looked for when there is something to build at all.
            found = self._existing(runtime) if runtime else None
            build_id = "" if found else self._join(job)
            # A forgotten build may have ended since we looked for what it made.
            found = found if found or build_id else self._existing(runtime)
            if not found and not build_id:
                build_id, found = self._start_or_find(job)
            if found:
                made[runtime] = found
            else:
                builds[runtime] = build_id
        self._finish(jobs, builds)
        left = [job for job in jobs if job.runtime in builds]
        return {**made, **{job.runtime: self._result(job, builds[job.runtime]) for job in left}}

    def _join(self, job: Job) -> str:
        """Return the id of a build of ours that is under way, "" when there is none."""
        runtime = job.runtime
        build_id = self.attempt.build_of(runtime)
        build_id = build_id or find_build(self.layer, self.token, job)
        if build_id:
            self._progress[runtime](f"joining build {build_id}")
            self._note_build(runtime, build_id)
        return build_id

    def _start_or_find(self, job: Job) -> tuple[str, Artifact | Part | None]:
        """Return the id of a build that was started, or what one that had ended has left.

        For five minutes CodeBuild answers with the build that the same request has started before.
        When that has succeeded and its work is not there, or is not to be used, another is needed.
        """
        for again in range(TRIES):
            state = self._start(replace(job, again=again))
            if not state.succeeded:
                break
            found = self._existing(job.runtime)
            if found:
                return state.id, found
        return state.id, None

    def _start(self, job: Job) -> BuildState:
        placement = self._compute.placement(self.attempt, job)
        progress = self._progress[job.runtime]
        kind = placement.environment.kind
        if self._compute.is_auto and kind != LAMBDA:
            progress(f"building in a container: {self._compute.why_not(self.attempt, job)}")
        why = self._compute.why_not_standard(self.attempt, job)
        if not kind and why:
            progress(f"building in the image of the runtime: {why}")
        try:
            state = start_build(
                self.layer,
                self.token,
                job,
                debug=self._debug,
                progress=progress,
                clock=self._clock,
                bundle=self._bundle(),
                placement=placement,
            )
        except (ComputeRefused, QuotaUsedUp) as refused:
            if not placement.may_leave:
                raise
            if isinstance(refused, QuotaUsedUp):
                self._compute.leave(job, LAMBDA, NO_ROOM)
            else:
                self._learn(
                    job, LAMBDA, f"CodeBuild refuses Lambda compute for it ({refused.what})"
                )
            return self._start(job)
        self._note_build(job.runtime, state.id)
        return state

    def _learn(self, job: Job, kind: str, why: str) -> None:
        """Use another place than that of a kind for a job, and remember that it needs one."""
        why = _in_short(why)
        self._compute.leave(job, kind, why)
        self._note(lambda attempt: self._compute.taught(attempt, job, kind, why))

    def _bundle(self) -> str:
        # No cached_property: until Python 3.12 all instances share its lock, and this calls AWS.
        self._uploaded = self._uploaded or upload_bundle(self.layer, self._progress[""])
        return self._uploaded

    def _finish(self, jobs: Sequence[Job], builds: dict[str, str]) -> None:
        """Wait for builds; start those again that never began because their role was too young."""
        deadline = self._clock.monotonic() + RoleNotReady.longest
        again = 0
        while failed := self._failures(builds):
            if self._moved_on(jobs, builds, failed):
                continue
            young = [key for key, error in failed.items() if isinstance(error, BuildNotProvisioned)]
            if len(young) < len(failed) or self._clock.monotonic() > deadline or not self._waits:
                error = self._together(failed)
                self._note_failure(tuple(sorted(failed)), error)
                raise error
            again += 1
            self._progress[""](
                "CodeBuild cannot assume the build role yet, which IAM takes seconds to make known "
                f"when it is new; starting again in {ROLE_PAUSE:.0f} s"
            )
            self._clock.sleep(ROLE_PAUSE)
            for job in jobs:
                if job.runtime in young:
                    builds[job.runtime] = self._start(replace(job, again=again)).id

    def _moved_on(
        self, jobs: Sequence[Job], builds: dict[str, str], failed: Mapping[str, BuildFailed]
    ) -> bool:
        """Start builds that failed again where they may do better, if that may help all."""
        again = {job: failed[job.runtime] for job in jobs if job.runtime in failed}
        if not all(e.elsewhere and self._compute.may_leave(j, e.kind) for j, e in again.items()):
            return False
        for job, error in again.items():
            self._learn(job, error.kind, error.elsewhere)
            builds[job.runtime] = self._start(job).id
        return True

    def _failures(self, builds: Mapping[str, str]) -> dict[str, BuildFailed]:
        """Return how builds failed that did; raise StillBuilding if they are not waited for."""
        if self._waits:
            progress = self._progress[""]
            well, failed = finish_builds(self.layer, builds, progress=progress, clock=self._clock)
        else:
            well, failed = look_at(self.layer, builds, self._clock)
        running = tuple(state.id for state in well.values() if state.running)
        if running:
            raise StillBuilding(running)
        if well:
            self._watch.begin(max(state.ended for state in well.values()))
        return failed

    def _together(self, failed: Mapping[str, BuildFailed]) -> BuildFailed:
        """Return one error of the builds that failed."""
        errors = list(failed.values())
        if len(errors) == 1:
            return errors[0]
        return BuildFailed(
            f"the builds of layer {self.layer.name!r} for {', '.join(failed)} failed\n"
            + "\n".join(error.what for error in errors),
            cause="; ".join(error.cause for error in errors),
            where="\n".join(error.where for error in errors),
            expected=errors[0].expected,
            fix=errors[0].fix,
        )

    def _result(self, job: Job, build_id: str) -> Artifact | Part:
        """Return what an ended build made; it may get a second try elsewhere."""
        try:
            return self._made(job.runtime, build_id)
        except ArtifactError as error:
            state = self.layer.services.codebuild.state(build_id)
            kind = kind_of(state.image, state.environment_type) if state else ""
            if not self._compute.may_leave(job, kind):
                self._note_failure((job.runtime,), error)
                raise
            self._learn(job, kind, f"what it left{PLACES[kind]} cannot be used ({error.what})")
        builds = {job.runtime: self._start(job).id}
        self._finish([job], builds)
        return self._result(job, builds[job.runtime])

    def _made(self, runtime: str, build_id: str) -> Artifact | Part:
        """Return what an ended build made; raise ArtifactError if that cannot be used."""
        found = self._find(runtime, build_id)
        if found is not None:
            return found
        names = (PART_ARCHIVE, PART_RECEIPT) if runtime else (ARCHIVE, MANIFEST)
        raise ArtifactError(
            f"build {build_id} succeeded and left no "
            + (f"part for {runtime}" if runtime else "artifact"),
            where=self.layer.services.store.url(self._place(runtime)),
            expected=" and ".join(names),
            fix=f"see the build's log (lambda-layer logs {self.layer.name}), then apply again",
        )

    def _existing(self, runtime: str) -> Artifact | Part | None:
        """Return what is there already, if this attempt may use it."""
        try:
            found = self._find(runtime, self.attempt.build_of(runtime))
        except ArtifactError as error:
            self._progress[runtime](f"not using the artifact that is there: {error.what}")
            return None
        if found is None:
            return None
        what = "part" if runtime else "artifact"
        self._progress[runtime](f"using the {what} of build {found.build_id}")
        return found

    def _is_ours(self, found: Artifact | Part, runtime: str, build_id: str) -> bool:
        if not self.attempt.distrusts(runtime):
            return True
        return build_id != "" and found.build_id == build_id

    def _find(self, runtime: str, build_id: str) -> Artifact | Part | None:
        """Return what is there and may be used, "" standing for any build in ``build_id``.

        Raise ArtifactError when what builds left contradicts itself or is vouched for by none.
        """
        with self._watch.timed(VERIFY):
            return self._verified(runtime, build_id)

    def _verified(self, runtime: str, build_id: str) -> Artifact | Part | None:
        store, keys = self.layer.services.store, self.layer.keys
        fingerprint, limit = self.layer.fingerprint, self.layer.spec.limit
        found: Artifact | Part | None
        if runtime:
            found = find_part(store, keys, fingerprint, runtime)
        else:
            kept = self._kept()
            if kept is not None and self._is_ours(kept, runtime, build_id):
                return kept
            found = find_artifact(store, keys.unverified, fingerprint, limit)
        if found is None or not self._is_ours(found, runtime, build_id):
            return None
        why = objection(self.layer, found.build_id, found.document, runtime)
        if why:
            raise ArtifactError(
                f"what is in the bucket is not known to be a build's: {why}",
                where=store.url(self._place(runtime)),
                expected="what a build of this layer and fingerprint left, as CodeBuild knows it",
                fix="plan and apply again: it is built anew",
            )
        return found

    def _kept(self) -> Artifact | None:
        """Return what was kept of a release, None where it contradicts itself.

        Then one process was ended while it put another archive beside the manifest: of another
        build, as a forced one is. What a build leaves takes its place.
        """
        store, keys = self.layer.services.store, self.layer.keys.verified
        try:
            return find_artifact(store, keys, self.layer.fingerprint, self.layer.spec.limit)
        except ArtifactError as error:
            self._progress[""](f"not using the artifact that was kept: {error.what}")
            return None

    def _place(self, runtime: str) -> str:
        keys, fingerprint = self.layer.keys, self.layer.fingerprint
        part_or_artifact = (
            keys.part(fingerprint, runtime) if runtime else keys.unverified.artifact(fingerprint)
        )
        return f"{part_or_artifact}/"

    def _note_build(self, runtime: str, build_id: str) -> None:
        self._note(lambda attempt: attempt.with_build(runtime, build_id))

    def _note_failure(self, runtimes: tuple[str, ...], error: BuildFailed | ArtifactError) -> None:
        cause = error.cause if isinstance(error, BuildFailed) else error.what
        failure = _in_short(cause)
        self._note(lambda attempt: replace(attempt, failed=runtimes, failure=failure))

    def _note(self, change: Callable[[Attempt], Attempt]) -> None:
        """Remember a fact of our attempt; when another has begun, only here."""
        record = self.layer.records.note(self.token, change)
        noted = record.attempt
        ours = noted is not None and noted.token == self.token
        self.attempt = noted if noted is not None and ours else change(self.attempt)


def _in_short(cause: str) -> str:
    return next(iter(cause.splitlines()), "")[:CAUSE_LENGTH]
