"""Which compute and image an attempt's builds have, and when another takes over.

With ``compute = "auto"`` any failure on Lambda compute is tried again in a container, but for those
that the worker knows to be the same on every machine: a layer is never refused for what Lambda
compute lacks. That is the same attempt, with one more build: the approval was for a release, not
for a build, and what a failed build left is adopted by none (builder/builds/vouch.py).

A container has CodeBuild's own image where the layer's last release was of wheels alone, which need
no interpreter to be installed; the image of the runtime takes over from it in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from builder.aws.codebuild import BuildState
from builder.builds.last_words import LastWords
from builder.builds.start import Job, Placement, container, target_of
from builder.clock import Clock
from builder.layer.attempt import Attempt, Lesson
from builder.layer.layer import Layer
from builder.spec.build_images import of_targets
from builder.spec.compute import (
    LAMBDA,
    LAMBDA_MINUTES,
    LAMBDA_PYTHON,
    LAMBDA_REGIONS,
    STANDARD,
    STANDARD_PYTHON,
    kind_of,
    lambda_of,
    standard_of,
)
from builder.spec.layer_spec import LayerSpec
from builder.spec.runtimes import Target

MEMORY = timedelta(days=30)
"""How long a lesson holds; then Lambda compute is tried again, at the price of one short build."""

NO_ROOM = "Lambda compute has no room now"


def obstacle(spec: LayerSpec, target: Target, region: str) -> str:
    """Return why a target of a layer cannot be built on Lambda compute, "" when it may be."""
    if target.python not in LAMBDA_PYTHON:
        return f"Lambda compute has no image of {target.runtime}"
    if spec.system_packages or spec.pre_install:
        key = "system_packages" if spec.system_packages else "pre_install"
        return f"{key} may need root, which Lambda compute has not"
    if region not in LAMBDA_REGIONS:
        return f"CodeBuild has no Lambda compute in {region}"
    return ""


def suits_standard(spec: LayerSpec, target: Target) -> bool:
    """Whether a target may be built in CodeBuild's own image, if it is of wheels alone.

    Not where ``images`` names one: who pins an image means that one.
    """
    is_named = bool(of_targets(spec.images, [target]))
    has_steps = bool(spec.system_packages or spec.pre_install)
    return target.python in STANDARD_PYTHON and not is_named and not has_steps


def another_may_do(state: BuildState, said: LastWords | None) -> str:
    """Return why a container, or the runtime's image, may do what a failed build could not, or "".

    ``said`` is the worker's own error. Sources: AWS CodeBuild API reference, Build (buildStatus);
    user guide, "Limitations of AWS Lambda compute".
    """
    kind = kind_of(state.image, state.environment_type)
    if not kind or state.status == "STOPPED":
        return ""
    if state.status == "TIMED_OUT":
        enough = kind == STANDARD  # what the project allows, which another image has, too
        return (
            "" if enough else f"it needs more than the {LAMBDA_MINUTES} minutes of Lambda compute"
        )
    if said is None:
        where = "on Lambda compute" if kind == LAMBDA else "in CodeBuild's own image"
        return f"it ended {where} without a word of the worker ({state.why})"
    return f"it needs {said.needs} ({said.what})" if said.needs else ""


class Compute:
    """Where the builds of one attempt run.

    ``learnt`` are the lessons of earlier releases, by place. ``wheels`` says that the layer's last
    release was of wheels alone.
    """

    def __init__(
        self, layer: Layer, learnt: Mapping[str, Lesson], clock: Clock, *, wheels: bool = False
    ) -> None:
        self._layer = layer
        self._learnt = learnt
        self._clock = clock
        self._wheels = wheels
        self._left: dict[str, str] = {}
        """Why builds run elsewhere for the rest of this walk, by their place."""

    @property
    def is_auto(self) -> bool:
        """Whether Lambda compute is ours to choose."""
        return self._layer.spec.compute == "auto"

    def placement(self, attempt: Attempt, job: Job) -> Placement:
        """Return where a job's build runs."""
        target, wanted = target_of(self._layer, job), self._layer.spec.compute
        if wanted == LAMBDA or (self.is_auto and not self.why_not(attempt, job)):
            return Placement(lambda_of(target), self.may_leave(job, LAMBDA))
        if self._is_for_standard(attempt, job) and not self.why_not_standard(attempt, job):
            return Placement(standard_of(target), may_leave=False)
        return container(self._layer, target)

    def why_not(self, attempt: Attempt, job: Job) -> str:
        """Return why ``auto`` takes a container, "" when it takes Lambda compute."""
        why = self._known(attempt, place(self._layer, job, LAMBDA))
        return why or obstacle(
            self._layer.spec, target_of(self._layer, job), self._layer.site.region
        )

    def why_not_standard(self, attempt: Attempt, job: Job) -> str:
        """Return what was learnt of a job in CodeBuild's own image, "" when nothing was."""
        return self._known(attempt, place(self._layer, job, STANDARD))

    def _is_for_standard(self, attempt: Attempt, job: Job) -> bool:
        """Whether CodeBuild's own image will do, as far as is known before a build.

        What has failed on Lambda compute gets the image of the runtime, the surest one.
        """
        failed = self._known(attempt, place(self._layer, job, LAMBDA)) not in ("", NO_ROOM)
        suits = suits_standard(self._layer.spec, target_of(self._layer, job))
        return self._wheels and not failed and suits

    def _known(self, attempt: Attempt, where: str) -> str:
        """Return why a place is not to be used, "" when nothing is known against it."""
        if where in self._left:
            return self._left[where]
        if where in attempt.lessons:
            return attempt.lessons[where].why
        known = self._learnt.get(where)
        holds = known is not None and self._holds(known)
        return f"{known.why}; learnt on {known.since[:10]}" if known and holds else ""

    def may_leave(self, job: Job, kind: str) -> bool:
        """Whether a build that failed in a place of a kind may be tried again in another.

        That the attempt has a lesson does not say that the other was tried: the process that
        learnt it may have died before it started one, or be about to.
        """
        ours = self.is_auto if kind == LAMBDA else kind == STANDARD
        return ours and place(self._layer, job, kind) not in self._left

    def leave(self, job: Job, kind: str, why: str) -> None:
        """Use no place of a kind for a job in the rest of this walk."""
        self._left[place(self._layer, job, kind)] = why

    def taught(self, attempt: Attempt, job: Job, kind: str, why: str) -> Attempt:
        """Return the attempt once a job is known to need another place than that of a kind."""
        lesson = Lesson(why, self._clock.timestamp())
        return attempt.taught(place(self._layer, job, kind), lesson)

    def _holds(self, lesson: Lesson) -> bool:
        try:
            since = datetime.fromisoformat(lesson.since)
            now = datetime.fromisoformat(self._clock.timestamp())
            # Not for ever where the clock that dated it was years ahead.
            return abs(now - since) < MEMORY
        except (ValueError, TypeError):  # not a time, or one without a zone
            return False


def place(layer: Layer, job: Job, kind: str) -> str:
    """Return what lessons about a job are kept under: its runtime, or "" for a merge.

    Those about CodeBuild's own image end in what it is called here.
    """
    runtime = "" if job.parts else target_of(layer, job).runtime
    return f"{runtime}@{STANDARD}" if kind == STANDARD else runtime
