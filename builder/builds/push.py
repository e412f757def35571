"""The build that pushes a layer's image: joined or started, waited for, and judged.

It is of a project of its own, under a role that alone may push into the layer's repository, and
it runs our program (builder/pusher), no code of strangers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NoReturn

from builder.aws.codebuild import BuildRequest, BuildState, CodeBuild
from builder.aws.store import Changed
from builder.builds.artifact import Artifact
from builder.builds.attempt_state import known_states
from builder.builds.obtain import CAUSE_LENGTH, ROLE_PAUSE, TRIES, StillBuilding
from builder.builds.start import started
from builder.builds.wait import finish_builds, look_at
from builder.clock import Clock
from builder.errors import BuildFailed, BuildNotProvisioned, ConflictError, LayerError, RoleNotReady
from builder.images.order import Order
from builder.inputs.pusher_code import pusher_zip
from builder.layer.attempt import PUSH, Attempt
from builder.layer.layer import Layer
from builder.layer.token import Token
from builder.progress import Progress
from builder.protocol.keys import PUSH_LOGS, push_project
from builder.protocol.variables import NAME_VARIABLE, PUSH_VARIABLE, TOKEN_VARIABLE
from builder.spec.compute import PUSHES


def pushes_of(layer: Layer) -> CodeBuild:
    """Return the project that pushes a layer's image."""
    return layer.services.codebuild.of(push_project(layer.site.project, layer.name))


def recent_pushes(layer: Layer) -> Iterator[tuple[Order, BuildState]]:
    """Yield the recent pushes of a layer, newest first, each behind what was ordered."""
    return ordered(pushes_of(layer).recent())


def ordered(states: Iterable[BuildState]) -> Iterator[tuple[Order, BuildState]]:
    """Yield those of some builds that are pushes, each behind what was ordered."""
    for state in states:
        try:
            yield Order.from_json(state.variables.get(PUSH_VARIABLE, "")), state
        except LayerError:  # somebody else's build, or one of another version of ours
            continue


def upload_program(layer: Layer) -> tuple[str, str]:
    """Put our program into the bucket; return its key, and the S3 version that has its bytes.

    Of two at once both get the one version: equal requests are one build.
    """
    content, store = pusher_zip(), layer.services.store
    key = layer.keys.program(hashlib.sha256(content).hexdigest())
    present = store.read(key)
    if present is not None and present.content == content:
        return key, present.version
    etag = present.etag if present else None
    try:
        return key, store.replace(key, content, "application/zip", etag=etag).version
    except Changed:
        return upload_program(layer)


@dataclass(frozen=True)
class Pushing:
    """The push of an attempt's artifact. Without ``waits`` StillBuilding is raised while it runs.

    The image is found again by its tag (who calls this has looked), then its push by the attempt,
    then by the project's recent builds. Equal requests are one build for five minutes.
    """

    layer: Layer
    artifact: Artifact
    token: Token
    attempt: Attempt
    progress: Progress
    clock: Clock
    waits: bool = True

    def run(self) -> str:
        """Return the build that has pushed, once an image of the artifact is in the repository.

        Raise BuildFailed when it is not, which the record then says: the next attempt pushes again
        what was built. Raise ConflictError when the number is another image's.
        """
        self._refuse_taken()
        build_id = self._known() or self._forgotten()
        if build_id:
            self.progress(f"joining push {build_id}")
        else:
            build_id = self._start().id
        self._note(build_id)
        return self._finish(build_id)

    def _refuse_taken(self) -> None:
        name, number = self.layer.site.layer_name, self.token.number
        for version in self.layer.services.layers.versions(name):
            if version.version == number and version.token != str(self.token):
                raise ConflictError(
                    f"image {number} of {name} is of other sources",
                    where=version.arn,
                    expected="a number that no image has; the record may have been lost",
                    fix="plan and apply again: each build takes the next number",
                )

    def _known(self) -> str:
        """Return the attempt's push, "" when it has ended well: its image is gone again."""
        if not self.attempt.push:
            return ""
        state = known_states(self.layer, [self.attempt.push], self.clock).get(self.attempt.push)
        return state.id if state is not None and not state.succeeded else ""

    def _forgotten(self) -> str:
        """Return a push that runs and that nobody has noted, "" when there is none."""
        for order, state in recent_pushes(self.layer):
            made_for = Token.parse(order.token)
            if made_for is None or not state.running:
                continue
            same = made_for.fingerprint == self.token.fingerprint
            code = self.artifact.manifest.code_sha256
            if same and made_for.number >= self.attempt.since and order.code_sha256 == code:
                return state.id
        return ""

    def _start(self, again: int = 0) -> BuildState:
        """Start a push; one that has ended well and left no image is not taken for it."""
        pushes, (key, version) = pushes_of(self.layer), upload_program(self.layer)
        for number in range(again, again + TRIES):
            request = self._request(key, version, number)
            state = started(pushes, request, progress=self.progress, clock=self.clock)
            if not state.succeeded or self._is_there():
                break
        self.progress(f"started push {state.id}")
        return state

    def _request(self, key: str, version: str, again: int) -> BuildRequest:
        site, (target,) = self.layer.site, self.layer.spec.targets
        order = Order(
            token=str(self.token),
            app=self.layer.app,
            bucket=site.bucket,
            key=self.artifact.key,
            version=self.artifact.version,
            code_sha256=self.artifact.manifest.code_sha256,
            repository=site.layer_name,
            tag=f"{self.token.fingerprint}-{self.token.number}",
            python=target.python,
            architecture=target.architecture,
            base=self.layer.spec.base,
        ).to_json()
        identity = f"{push_project(site.project, self.layer.name)} {key} {version} {order} {again}"
        return BuildRequest(
            token=hashlib.sha256(identity.encode()).hexdigest(),
            source_key=key,
            source_version=version,
            artifact_folder="",
            artifact_name="",
            image=PUSHES.image,
            environment_type=PUSHES.environment_type,
            compute_type=PUSHES.compute_type,
            credentials=PUSHES.credentials,
            role_arn="",
            log_group=site.log_group,
            log_prefix=f"{PUSH_LOGS}/{self.layer.name}",
            variables=(
                (NAME_VARIABLE, self.layer.name),
                (TOKEN_VARIABLE, str(self.token)),
                (PUSH_VARIABLE, order),
            ),
        )

    def _finish(self, build_id: str) -> str:
        deadline = self.clock.monotonic() + RoleNotReady.longest
        again = 0
        while (error := self._failure(build_id)) is not None:
            young = isinstance(error, BuildNotProvisioned)
            if not young or not self.waits or self.clock.monotonic() > deadline:
                self._fail(error)
            again += 1
            self.progress(
                "CodeBuild cannot assume the role that pushes yet; "
                f"starting again in {ROLE_PAUSE:.0f} s"
            )
            self.clock.sleep(ROLE_PAUSE)
            build_id = self._start(again).id
            self._note(build_id)
        if not self._is_there():
            self._fail(self._nothing_left(build_id))
        return build_id

    def _failure(self, build_id: str) -> BuildFailed | None:
        builds = {PUSH: build_id}
        if self.waits:
            well, failed = finish_builds(
                self.layer, builds, progress=self.progress, clock=self.clock
            )
        else:
            well, failed = look_at(self.layer, builds, self.clock)
        if any(state.running for state in well.values()):
            raise StillBuilding((build_id,))
        return failed.get(PUSH)

    def _is_there(self) -> bool:
        """Whether an image of these sources is there that the release may be."""
        name, since = self.layer.site.layer_name, self.attempt.since
        tokens = [Token.parse(v.token) for v in self.layer.services.layers.versions(name)]
        wanted = self.token.fingerprint
        return any(t and t.fingerprint == wanted and t.number >= since for t in tokens)

    def _nothing_left(self, build_id: str) -> BuildFailed:
        return BuildFailed(
            f"push {build_id} succeeded and left no image",
            where=f"repository {self.layer.site.layer_name}",
            expected=f"an image with the tag {self.token.fingerprint}-{self.token.number}",
            fix=f"see its log (lambda-layer logs {self.layer.name}), then plan and apply again",
        )

    def _fail(self, error: BuildFailed) -> NoReturn:
        cause = next(iter(error.cause.splitlines()), "")[:CAUSE_LENGTH]
        self.layer.records.note(
            self.token, lambda attempt: replace(attempt, failed=(PUSH,), failure=cause)
        )
        raise error

    def _note(self, build_id: str) -> None:
        self.layer.records.note(self.token, lambda attempt: attempt.with_build(PUSH, build_id))
