from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import fast_lambda_layer
from builder.origin import extra
from tests.patience import PATIENCE

ALL = ", ".join(fast_lambda_layer.__all__)


def run(project: Path, code: str, *flags: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a project's folder."""
    (project / "program.py").write_text(code)
    return subprocess.run(
        [sys.executable, *flags, "program.py"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.slow
def test_every_name_is_one_that_can_be_imported(tmp_path: Path) -> None:
    done = run(tmp_path, f"from fast_lambda_layer import {ALL}\nprint(synthesize.__name__)")
    assert (done.stdout, done.stderr) == ("synthesize\n", "")


def test_nothing_is_imported_before_it_is_asked_for(tmp_path: Path) -> None:
    code = (
        "import fast_lambda_layer, sys\nprint({'builder', 'modules', 'cdktf'} & set(sys.modules))"
    )
    assert run(tmp_path, code).stdout == "set()\n"


def test_without_the_extra_the_error_says_how_to_get_it_from_where_this_is_from(
    tmp_path: Path,
) -> None:
    code = "import sys\nsys.modules['cdktf'] = None\nfrom fast_lambda_layer import LambdaLayer\n"
    last = run(tmp_path, code).stderr.splitlines()[-1]

    assert last.startswith("ModuleNotFoundError: No module named 'cdktf'; install it with: pip")
    assert extra("cdktf") in last


def test_a_name_that_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="LambdaLayers"):
        fast_lambda_layer.LambdaLayers  # type: ignore[attr-defined] # noqa: B018
