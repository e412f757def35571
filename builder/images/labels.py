"""What an image of a layer says of itself: the approval and the artifact that it came of."""

from __future__ import annotations

from collections.abc import Mapping

from builder.errors import ArtifactError

TOKEN, APP = "fast-lambda-layer.token", "fast-lambda-layer.app"
CODE = "fast-lambda-layer.code-sha256"
"""Labels: the approval that an image came of, whose it is, and the hash of the zip in it."""


def check_labels(found: Mapping[str, str], wanted: Mapping[str, str], where: str) -> None:
    """Raise ArtifactError for an image that has other labels than those of its approval."""
    if any(found.get(name) != value for name, value in wanted.items()):
        raise ArtifactError(
            "an image of this approval is there, and has other bytes",
            where=where,
            expected="an image of the artifact that was verified",
            fix="look who pushes into the repository; delete the image, then plan and apply again",
        )
