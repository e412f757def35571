"""What becomes of a layer's published versions when it is destroyed, in words for a plan."""

from __future__ import annotations

from cdktf import Fn, Token


def fate_of_versions(retain: bool | str) -> str:
    """Return what becomes of a layer's versions, as text or expression."""
    keeps = "the published versions stay"
    deletes = (
        "the published versions that no function has are deleted. To keep them, first run: "
        "terraform apply -var retain_versions=true (or destroy with TF_VAR_retain_versions=true "
        "in the environment; terraform destroy -var does not reach what was applied)"
    )
    if isinstance(retain, bool):
        return keeps if retain else deletes
    return Token.as_string(Fn.conditional(retain, keeps, deletes))
