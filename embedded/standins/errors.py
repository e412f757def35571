"""What a provider sends Terraform when something is wrong."""

from __future__ import annotations

from embedded.standins.values import State

Path = tuple[str | int, ...]
"""Names of attributes and indexes of blocks, from the outside in."""


class ProviderError(Exception):
    """An error that Terraform shows as a diagnostic.

    ``path`` is the argument it is about. ``state`` is what was made before the error: Terraform
    keeps it as tainted.
    """

    def __init__(
        self, summary: str, detail: str = "", *, path: Path = (), state: State | None = None
    ) -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail
        self.path = path
        self.state = state
