"""Whether a release is waited for: sync mode, or async mode, where it finishes without anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CI_VARIABLE = "CI"
"""Set by practically every continuous integration service; there nobody looks after a release."""


@dataclass(frozen=True)
class Mode:
    """Whether to wait for builds, and what said so."""

    waits: bool
    source: str


def mode_of(argument: bool | None, configured: bool | None, environment: Mapping[str, str]) -> Mode:
    """Return the mode: the argument decides, then the configuration, then the environment.

    None stands for "said nothing". Without anybody's word it is sync mode.
    """
    if argument is not None:
        return Mode(argument, "the argument")
    if configured is not None:
        return Mode(configured, "sync_mode in layers.toml")
    if environment.get(CI_VARIABLE, "").lower() not in {"", "0", "false"}:
        return Mode(waits=True, source=f"{CI_VARIABLE} is set")
    return Mode(waits=True, source="the default")
