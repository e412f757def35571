"""The synthesis as a program: it imports cdktf and a folder's own names, which commands do not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

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

    ``program`` is the module of fast_lambda_layer that makes the constructs.
    """
    # -P: names in this folder hide none of ours. Not -I, which hides what --user installs.
    command = [sys.executable, "-P", "-m", f"fast_lambda_layer.{program}"]
    return subprocess.run(
        [*command, "--config", str(config), *options],
        capture_output=captured,
        env=environment,
        text=True,
        check=False,
        timeout=LONGEST,
    )
