"""What becomes of a layer's published versions when it is destroyed, in words for a plan."""

from __future__ import annotations

from typing import Any

from cdktf import Fn, Token

Flag = bool | str | Any
"""True, False, or a Terraform expression."""

FATE_OF_IMAGES = (
    "the images that no function has are deleted, and their repository if none is left. To keep "
    "them, take it out of the state before (docs/hybrid.md)"
)
"""What becomes of a layer's images, which Terraform's repository goes with."""


def fate_of_versions(retain: Flag, *, force_destroy: Flag = True) -> str:
    """Return what becomes of a layer's versions, as text or expression.

    With ``force_destroy`` false, S3 refuses to delete the bucket that holds what is retained.
    """
    keeps = _choose(
        force_destroy,
        "the published versions stay",
        "the published versions stay, and so does the bucket with their records: force_destroy is "
        "false, so terraform destroy removes everything else and ends with BucketNotEmpty",
    )
    deletes = (
        "the published versions that no function has are deleted. To keep them, first run: "
        "terraform apply -var retain_versions=true (or destroy with TF_VAR_retain_versions=true "
        "in the environment; terraform destroy -var does not reach what was applied)"
    )
    return _choose(retain, keeps, deletes)


def _choose(flag: Flag, yes: str, no: str) -> str:
    if isinstance(flag, bool):
        return yes if flag else no
    return Token.as_string(Fn.conditional(flag, yes, no))
