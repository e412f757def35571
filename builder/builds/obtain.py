"""The artifact of an attempt: found, or built by one build, or by one a target and a merge.

Each build looks for its own evidence before it is started: what it makes is there already, it is
known to run, it was started and forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property

from builder.builds.artifact import Artifact, find_artifact
from builder.builds.attempt_state import look
from builder.builds.part import Part, find_part
from builder.builds.start import Job, find_build, start_build, upload_bundle
from builder.builds.wait import finish_builds
from builder.clock import Clock
from builder.errors import ArtifactError, BuildFailed
from builder.layer.attempt import Attempt
from builder.layer.layer import Layer
from builder.layer.token import Token
from builder.progress import Progress, named
from builder.protocol.keys import parts_folder


class StillBuilding(Exception):
    """The artifact is not there yet, and is not to be waited for; ``builds`` are under way."""

    def __init__(self, builds: tuple[str, ...]) -> None:
        super().__init__(", ".join(builds))
        self.builds = builds


class Obtaining:
    """One walk to the artifact of the attempt that a token has begun.

    ``waits`` is whether to wait for builds; who does not gets StillBuilding. ``debug`` makes
    builds talkative.
    """

    def __init__(
        self,
        layer: Layer,
        token: Token,
        attempt: Attempt,
        *,
        progress: Progress,
        clock: Clock,
        waits: bool = True,
        debug: bool = False,
    ) -> None:
        self.layer = layer
        self.token = token
        self.attempt = attempt
        self._clock = clock
        self._waits = waits
        self._debug = debug
        self._progress = named(["", *self._runtimes], progress)

    def run(self) -> Artifact:
        """Return the artifact, with whatever builds that takes.

        Raise BuildFailed, ArtifactError or StillBuilding. What failed is noted in the record: the
        next attempt distrusts that, and nothing else.
        """
        made = self._existing("")
        if made is None:
            made = self._make({"": Job(parts=self._parts())})[""]
        assert isinstance(made, Artifact)
        return made

    def _parts(self) -> tuple[Part, ...]:
        """Return what is to be merged, nothing when there is one target."""
        if len(self._runtimes) == 1:
            return ()
        made = self._make({runtime: Job(runtime) for runtime in self._runtimes})
        # In the order of the targets, whichever were there: equal merges are one build.
        return tuple(part for name in self._runtimes if isinstance(part := made[name], Part))

    @property
    def _runtimes(self) -> list[str]:
        return [target.runtime for target in self.layer.spec.targets]

    def _make(self, jobs: Mapping[str, Job]) -> dict[str, Artifact | Part]:
        """Return what the jobs make, by runtime: all are started before one is waited for."""
        made: dict[str, Artifact | Part] = {}
        builds: dict[str, str] = {}
        for runtime, job in jobs.items():
            # The artifact itself has been looked for when there is something to build at all.
            found = self._existing(runtime) if runtime else None
            build_id = "" if found else self._join(job)
            # A forgotten build may have ended since we looked for what it made.
            found = found if found or build_id else self._existing(runtime)
            if found:
                made[runtime] = found
            else:
                builds[runtime] = build_id or self._start(job)
        self._wait(builds)
        return {**made, **{runtime: self._result(runtime, builds[runtime]) for runtime in builds}}

    def _join(self, job: Job) -> str:
        """Return the id of a build of ours that is under way, "" when there is none."""
        runtime, since = job.runtime, self.attempt.since_of(job.runtime)
        build_id = self.attempt.build_of(runtime)
        build_id = build_id or find_build(self.layer, self.token, since=since, job=job)
        if build_id:
            self._progress[runtime](f"joining build {build_id}")
            self._note_build(runtime, build_id)
        return build_id

    def _start(self, job: Job) -> str:
        build_id = start_build(
            self.layer,
            self.token,
            since=self.attempt.since_of(job.runtime),
            debug=self._debug,
            progress=self._progress[job.runtime],
            job=job,
            bundle=self._bundle,
        )
        self._note_build(job.runtime, build_id)
        return build_id

    @cached_property
    def _bundle(self) -> str:
        return upload_bundle(self.layer, self._progress[""])

    def _wait(self, builds: Mapping[str, str]) -> None:
        if self._waits:
            progress = self._progress[""]
            failed = finish_builds(self.layer, builds, progress=progress, clock=self._clock)
        else:
            well, failed = look(self.layer, builds)
            running = tuple(state.id for state in well.values() if state.running)
            if running:
                raise StillBuilding(running)
        if failed:
            error = self._together(failed)
            self._note_failure(tuple(sorted(failed)), error)
            raise error

    def _together(self, failed: Mapping[str, BuildFailed]) -> BuildFailed:
        """Return one error of the builds that failed."""
        errors = list(failed.values())
        if len(errors) == 1:
            return errors[0]
        return BuildFailed(
            f"the builds of layer {self.layer.name!r} for {', '.join(failed)} failed\n"
            + "\n".join(error.what for error in errors),
            where="\n".join(error.where for error in errors),
            expected=errors[0].expected,
            fix=errors[0].fix,
        )

    def _result(self, runtime: str, build_id: str) -> Artifact | Part:
        """Return what an ended build made."""
        try:
            found = self._find(runtime)
        except ArtifactError as error:
            self._note_failure((runtime,), error)
            raise
        if found is not None and self._is_ours(found, runtime, build_id):
            return found
        missing = ArtifactError(
            f"build {build_id} succeeded and left no "
            + (f"part for {runtime}" if runtime else "artifact"),
            where=self.layer.services.store.url(self._place(runtime)),
            expected="part.zip and part.json" if runtime else "layer.zip and manifest.json",
            fix=f"see the build's log (lambda-layer logs {self.layer.name}), then apply again",
        )
        self._note_failure((runtime,), missing)
        raise missing

    def _existing(self, runtime: str) -> Artifact | Part | None:
        """Return what is there already, if this attempt may use it."""
        try:
            found = self._find(runtime)
        except ArtifactError as error:
            self._progress[runtime](f"not using the artifact that is there: {error.what}")
            return None
        if found is None or not self._is_ours(found, runtime, self.attempt.build_of(runtime)):
            return None
        what = "part" if runtime else "artifact"
        self._progress[runtime](f"using the {what} of build {found.build_id}")
        return found

    def _is_ours(self, found: Artifact | Part, runtime: str, build_id: str) -> bool:
        if not self.attempt.distrusts(runtime):
            return True
        return build_id != "" and found.build_id == build_id

    def _find(self, runtime: str) -> Artifact | Part | None:
        folder, fingerprint = self.layer.artifact_folder, self.layer.fingerprint
        store = self.layer.services.store
        if runtime:
            return find_part(store, folder, fingerprint, runtime)
        return find_artifact(store, folder, fingerprint)

    def _place(self, runtime: str) -> str:
        folder, fingerprint = self.layer.artifact_folder, self.layer.fingerprint
        if runtime:
            return f"{parts_folder(folder, fingerprint)}/{runtime}/"
        return f"{folder}/{fingerprint}/"

    def _note_build(self, runtime: str, build_id: str) -> None:
        self._note(lambda attempt: attempt.with_build(runtime, build_id))

    def _note_failure(self, runtimes: tuple[str, ...], error: BuildFailed | ArtifactError) -> None:
        failure = error.what.splitlines()[0][:300]
        self._note(lambda attempt: replace(attempt, failed=runtimes, failure=failure))

    def _note(self, change: Callable[[Attempt], Attempt]) -> None:
        """Remember a fact of our attempt; when another has begun, only here."""
        record = self.layer.records.note(self.token, change)
        noted = record.attempt
        ours = noted is not None and noted.token == self.token
        self.attempt = noted if noted is not None and ours else change(self.attempt)
