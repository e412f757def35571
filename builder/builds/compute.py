"""Which compute an attempt's builds run on, and when a container takes over from Lambda compute.

With ``compute = "auto"`` any failure on Lambda compute is tried again in a container, but for those
that the worker knows to be the same on every machine: a layer is never refused for what Lambda
compute lacks. That is the same attempt, with one more build: the approval was for a release, not
for a build, and what a failed build left is adopted by none (builder/builds/vouch.py).
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
from builder.spec.compute import (
    LAMBDA_MINUTES,
    LAMBDA_PYTHON,
    LAMBDA_REGIONS,
    is_lambda,
    lambda_of,
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


def container_may_do(state: BuildState, said: LastWords | None) -> str:
    """Return why a container may do what a failed build on Lambda compute could not, or "".

    ``said`` is the worker's own error. Sources: AWS CodeBuild API reference, Build (buildStatus);
    user guide, "Limitations of AWS Lambda compute".
    """
    if not is_lambda(state.environment_type) or state.status == "STOPPED":
        return ""
    if state.status == "TIMED_OUT":
        return f"it needs more than the {LAMBDA_MINUTES} minutes of Lambda compute"
    if said is None:
        return f"it ended on Lambda compute without a word of the worker ({state.why})"
    return f"it needs {said.needs} ({said.what})" if said.needs else ""


class Compute:
    """Where the builds of one attempt run.

    ``learnt`` are the lessons of earlier releases, by runtime ("" for a merge of parts).
    """

    def __init__(self, layer: Layer, learnt: Mapping[str, Lesson], clock: Clock) -> None:
        self._layer = layer
        self._learnt = learnt
        self._clock = clock
        self._left: dict[str, str] = {}
        """Why builds run in a container for the rest of this walk, by their place."""

    @property
    def is_auto(self) -> bool:
        """Whether it is ours to choose."""
        return self._layer.spec.compute == "auto"

    def placement(self, attempt: Attempt, job: Job) -> Placement:
        """Return where a job's build runs."""
        target, wanted = target_of(self._layer, job), self._layer.spec.compute
        if wanted == "lambda" or (self.is_auto and not self.why_not(attempt, job)):
            return Placement(lambda_of(target), self.may_leave(job))
        return container(self._layer, target)

    def why_not(self, attempt: Attempt, job: Job) -> str:
        """Return why ``auto`` takes a container, "" when it takes Lambda compute."""
        place = self.place(job)
        if place in self._left:
            return self._left[place]
        if place in attempt.lessons:
            return attempt.lessons[place].why
        known = self._learnt.get(place)
        if known is not None and self._holds(known):
            return f"{known.why}; learnt on {known.since[:10]}"
        return obstacle(self._layer.spec, target_of(self._layer, job), self._layer.site.region)

    def may_leave(self, job: Job) -> bool:
        """Whether a build that failed on Lambda compute may be tried again in a container.

        That the attempt has a lesson does not say that a container was tried: the process that
        learnt it may have died before it started one, or be about to.
        """
        return self.is_auto and self.place(job) not in self._left

    def leave(self, job: Job, why: str) -> None:
        """Use a container for a job in the rest of this walk."""
        self._left[self.place(job)] = why

    def taught(self, attempt: Attempt, job: Job, why: str) -> Attempt:
        """Return the attempt once a job is known to need a container."""
        return attempt.taught(self.place(job), Lesson(why, self._clock.timestamp()))

    def place(self, job: Job) -> str:
        """Return what lessons about a job are kept under: its runtime, or "" for a merge."""
        return "" if job.parts else target_of(self._layer, job).runtime

    def _holds(self, lesson: Lesson) -> bool:
        try:
            since = datetime.fromisoformat(lesson.since)
            now = datetime.fromisoformat(self._clock.timestamp())
            # Not for ever where the clock that dated it was years ahead.
            return abs(now - since) < MEMORY
        except (ValueError, TypeError):  # not a time, or one without a zone
            return False
