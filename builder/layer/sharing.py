"""Who may use a layer and which parameter names it: what the record remembers of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from builder.documents import Extensible
from builder.text import some


@dataclass(frozen=True)
class Sharing(Extensible):
    """What was done for the version ``layer_arn``, which is "" while it is being done.

    ``share`` are the accounts and organizations that may use any version of the layer,
    ``parameters`` the parameters that name one.
    """

    layer_arn: str
    share: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()

    def begun(self, more: Sharing) -> Sharing:
        """Return it while more is being done: what may have been given is not forgotten."""
        return replace(
            self,
            layer_arn="",
            share=tuple(dict.fromkeys((*self.share, *more.share))),
            parameters=tuple(dict.fromkeys((*self.parameters, *more.parameters))),
        )


def unshared(sharing: Sharing | None, layer_arn: str, share: Sequence[str], parameter: str) -> str:
    """Say what is still to be done for a version, "" for nothing.

    ``share`` and ``parameter`` are what the layer says now.
    """
    done = sharing or Sharing(layer_arn)
    parameters = (parameter,) if parameter else ()
    if not (share or parameter or done.share or done.parameters):
        return ""
    reasons = [
        f"share has been given {some(added)}" if (added := _without(share, done.share)) else "",
        f"share no longer has {some(gone)}" if (gone := _without(done.share, share)) else "",
        f"parameter {parameter} does not name it yet"
        if _without(parameters, done.parameters)
        else "",
        f"parameter {some(old)} is to go" if (old := _without(done.parameters, parameters)) else "",
    ]
    said = "; ".join(reason for reason in reasons if reason)
    if said or done.layer_arn == layer_arn:
        return said
    return "it is not shared yet" if share else "its parameter is not written yet"


def _without(some_of: Sequence[str], others: Sequence[str]) -> list[str]:
    return [one for one in some_of if one not in others]
