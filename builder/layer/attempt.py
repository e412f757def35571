"""The last build that was begun for a layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from builder.documents import Extensible
from builder.layer.token import Token

PUSH = "push"
"""What the build that pushes an image is called among an attempt's builds."""


@dataclass(frozen=True)
class Lesson(Extensible):
    """Why builds need another place than they had, and since when that is known (ISO 8601)."""

    why: str
    since: str


@dataclass(frozen=True)
class Attempt(Extensible):
    """The last build that was begun: ``failure`` is "" until it is known to have failed.

    ``fresh`` says that only an artifact of its own build will do. ``since`` is the lowest number
    whose layer version will do: not 0 in a forced rebuild, which wants a new version.

    With several targets there are several builds: ``builds`` has by runtime those that make the
    parts, and ``build_id`` is the one that merges them. "" stands for that one, and for the only
    one of a layer with one target, in ``failed``, the runtimes whose builds failed, and in
    ``distrust``, which has the lowest numbers whose builds will do where an earlier one failed.
    ``lessons`` has by runtime why Lambda compute was left for a container ("" for a merge), and by
    ``RUNTIME@standard`` why CodeBuild's own image was left for that of the runtime.
    ``push`` is the build that pushes the artifact as an image; ``failed`` has "push" for it.
    """

    number: int
    fingerprint: str
    reason: str
    started_at: str
    build_id: str = ""
    failure: str = ""
    fresh: bool = False
    since: int = 0
    builds: Mapping[str, str] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    distrust: Mapping[str, int] = field(default_factory=dict)
    lessons: Mapping[str, Lesson] = field(default_factory=dict)
    push: str = ""

    @property
    def token(self) -> Token:
        """The approval that the build came from."""
        return Token(self.fingerprint, self.number)

    @property
    def is_open(self) -> bool:
        """Whether it is not known to have failed, so that it may be gone on with."""
        return not self.failure

    @property
    def is_built_well(self) -> bool:
        """Whether no build of it is known to have failed: at most the push of its image has."""
        return not self.failure or self.failed == (PUSH,)

    @property
    def all_builds(self) -> dict[str, str]:
        """The builds that are known, by runtime: of the parts, then that of the artifact.

        Last is the one that pushes it, as "push".
        """
        whole = {"": self.build_id} if self.build_id else {}
        return {**self.builds, **whole, **({PUSH: self.push} if self.push else {})}

    def build_of(self, runtime: str) -> str:
        """Return the build of a runtime's part, of the artifact for "", or "" if none is known."""
        return self.all_builds.get(runtime, "")

    def with_build(self, runtime: str, build_id: str) -> Attempt:
        """Return the attempt once a build is known, of a runtime, "" or "push"."""
        if runtime == PUSH:
            return replace(self, push=build_id)
        if not runtime:
            return replace(self, build_id=build_id)
        return replace(self, builds={**self.builds, runtime: build_id})

    def taught(self, place: str, lesson: Lesson) -> Attempt:
        """Return the attempt once it is known that a build needs another place."""
        return replace(self, lessons={**self.lessons, place: lesson})

    def since_of(self, runtime: str) -> int:
        """Return the lowest number whose build will do for a part, or for the artifact ("")."""
        return max(self.since, self.distrust.get(runtime, 0))

    def distrusts(self, runtime: str) -> bool:
        """Whether only what our own build made will do."""
        return self.since_of(runtime) > 0 or (self.fresh and not runtime)

    @classmethod
    def after(
        cls, last: Attempt | None, token: Token, *, fresh: bool, reason: str, started_at: str
    ) -> Attempt:
        """Return the next attempt: it goes on with the last one if that is what it wants."""
        following = cls(token.number, token.fingerprint, reason, started_at)
        same = last if last is not None and last.fingerprint == token.fingerprint else None
        if same is not None and same.is_built_well and (same.since or not fresh):
            return replace(
                following,
                build_id=same.build_id,
                push="" if same.failure else same.push,
                fresh=same.fresh,
                since=same.since,
                builds=same.builds,
                distrust=same.distrust,
                lessons=same.lessons,
                unknown=same.unknown,
            )
        following = replace(following, fresh=fresh, since=token.number if fresh else 0)
        if same is None or not same.failure or (fresh and not same.since):
            return following
        # After a failure that build's work is worth nothing; that of others stays good.
        failed = {*same.failed, ""}
        return replace(
            following,
            fresh=True,
            since=same.since if fresh else 0,
            builds={name: id_ for name, id_ in same.builds.items() if name not in failed},
            distrust={**same.distrust, **dict.fromkeys(failed, token.number)},
        )
