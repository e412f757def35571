"""What it costs to begin: who runs a test waits for the collection of its folder first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
OF_CONSTRUCTS = {"conformance", "hcl", "hostile", "modules", "stacks"}
"""Folders whose tests are about what cdktf makes."""

COLLECT = """
import sys, pytest
status = pytest.main(["--collect-only", "-q", "-q", "-p", "no:cacheprovider", *sys.argv[1:]])
started = sorted({name.partition(".")[0] for name in sys.modules} & {"cdktf", "constructs", "jsii"})
sys.exit(f"the collection ended with {status} and has loaded {started}" if started or status else 0)
"""


@pytest.mark.slow
def test_tests_that_synthesize_nothing_are_collected_without_node() -> None:
    entries = [*TESTS.glob("*/"), *TESTS.glob("test_*.py")]
    there = [str(entry) for entry in entries if entry.name not in OF_CONSTRUCTS | {"__pycache__"}]
    result = subprocess.run(
        [sys.executable, "-c", COLLECT, *sorted(there)],
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
