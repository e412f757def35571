"""The programs that the demo needs from the machine."""

from __future__ import annotations

import re
import shutil
import subprocess

from builder.errors import LayerError

OLDEST_NODE = 18


def require_node() -> None:
    """Raise LayerError unless a Node that cdktf's constructs can run on is on the PATH."""
    where = shutil.which("node")
    fix = "install Node.js 20 (your system's package manager has it), then run make demo again"
    expected = f"Node.js {OLDEST_NODE} or newer on the PATH: cdktf's constructs run on it"
    if where is None:
        raise LayerError("Node.js is missing", expected=expected, fix=fix)
    answer = subprocess.run(
        [where, "--version"], capture_output=True, text=True, check=False, timeout=60
    )
    version = re.match(r"v([0-9]+)", answer.stdout)
    if version is None or int(version[1]) < OLDEST_NODE:
        raise LayerError(
            f"Node.js is too old: {answer.stdout.strip() or 'no version'}",
            where=where,
            expected=expected,
            fix=fix,
        )
