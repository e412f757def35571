"""The order to push an image: what crosses from a release to the build that pushes.

It is one environment variable of that build. Linux takes 131,072 bytes in one (execve(2),
MAX_ARG_STRLEN), and what is in it is bounded far below that: names, digests and one reference.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from builder.documents import Malformed, plain, read_json, typed
from builder.images.errors import ImageError
from builder.spec.runtimes import ARCHITECTURES, RUNTIMES, Target


@dataclass(frozen=True)
class Order:
    """Which zip goes into which repository, on which base.

    ``version`` is the S3 version of ``key``, ``code_sha256`` (base64) what its bytes must have.
    ``base`` is "" for that of Lambda's runtime; ``tag`` is the image's.
    """

    token: str
    app: str
    bucket: str
    key: str
    version: str
    code_sha256: str
    repository: str
    tag: str
    python: str
    architecture: str
    base: str = ""

    @property
    def target(self) -> Target:
        """The runtime and the machine that the image is for."""
        return Target(self.python, self.architecture)

    def to_json(self) -> str:
        """Return the order as one line."""
        return json.dumps(plain(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Order:
        """Read what :meth:`to_json` wrote; raise ImageError for anything else."""
        try:
            found = typed(cls, read_json(text))
        except Malformed as error:
            raise _unreadable(str(error)) from error
        if found.python not in RUNTIMES or found.architecture not in ARCHITECTURES:
            raise _unreadable(f"{found.python!r:.20} on {found.architecture!r:.20} is no target")
        return found


def _unreadable(why: str) -> ImageError:
    return ImageError(
        f"the order to push an image cannot be read: {why}",
        where="the build's environment",
        expected="what the same version of lambda-layer wrote",
        fix="plan and apply again",
    )
