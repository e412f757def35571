"""The synthesis as a program: it imports cdktf and a folder's own names, which commands do not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from builder.errors import InfrastructureError

LONGEST = 900.0
"""Seconds that a synthesis may take: it takes five."""


def named(app: str) -> tuple[str, ...]:
    """Return the options that give the application another name."""
    return ("--app", app) if app else ()


def synthesis(
    config: Path,
    *options: str,
    program: str = "synth",
    captured: bool = False,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the synthesis of a layers.toml; with ``captured`` its output is returned, not shown.

    ``program`` is the module of fast_lambda_layer that makes the constructs. Raise
    InfrastructureError when it does not end.
    """
    # -P: names in this folder hide none of ours. Not -I, which hides what --user installs.
    command = [sys.executable, "-P", "-m", f"fast_lambda_layer.{program}"]
    try:
        return subprocess.run(
            [*command, "--config", str(config), *options],
            capture_output=captured,
            env=environment,
            text=True,
            check=False,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired as error:
        raise InfrastructureError(
            f"the synthesis did not end within {LONGEST / 60:g} minutes, and was ended",
            where=str(config),
            expected="a few seconds; 500 layers take a minute",
            fix="see that Node.js answers here (node --version) and that the machine has memory "
            "and processors left, then run it again",
        ) from error
