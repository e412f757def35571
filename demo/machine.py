"""This machine as a layer's target: the embedded Lambda runs functions in this interpreter."""

from __future__ import annotations

import platform
import sys

from builder.errors import LayerError

MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def this_python() -> str:
    """Return this interpreter's version as a layer's target has it."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def this_architecture() -> str:
    """Return this machine's architecture as Lambda calls it; raise LayerError if it has none."""
    machine = platform.machine().lower()
    if machine not in MACHINES:
        raise LayerError(
            f"Lambda has no architecture like this machine's ({machine})",
            expected=" or ".join(sorted(set(MACHINES.values()))),
            fix="run this on an x86_64 or arm64 machine",
        )
    return MACHINES[machine]
