from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE


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


def package(project: Path, name: str) -> Path:
    folder = project.joinpath(*name.split("."))
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    return folder


@pytest.mark.slow
def test_folders_that_only_look_alike_can_stand_beside_it(tmp_path: Path) -> None:
    package(tmp_path, "stacks")
    package(tmp_path, "modules.vpc")  # a folder modules/ without an __init__.py
    (tmp_path / "builder").mkdir()
    done = run(
        tmp_path,
        "import modules.vpc, stacks\nfrom fast_lambda_layer import LambdaLayer\n"
        "print(LambdaLayer.__module__)",
    )
    assert (done.stdout, done.stderr) == ("modules.layer.layer\n", "")


@pytest.mark.parametrize("name", ["builder", "modules", "modules.layer"])
@pytest.mark.parametrize("before", ["", "import NAME\n"], ids=["not loaded", "loaded"])
def test_a_package_that_hides_ours_is_named(tmp_path: Path, name: str, before: str) -> None:
    hiding = package(tmp_path, name)
    done = run(tmp_path, f"{before.replace('NAME', name)}from fast_lambda_layer import LambdaLayer")
    said = done.stderr.splitlines()[-1]
    assert said.startswith(f"ImportError: {hiding} hides Fast Lambda Layer's package '")
    assert "python -I -m fast_lambda_layer.synth" in said


def test_a_module_of_one_file_that_hides_ours_is_named(tmp_path: Path) -> None:
    (tmp_path / "builder.py").write_text("")
    done = run(tmp_path, "from fast_lambda_layer import LayerSpec")
    assert f"ImportError: {tmp_path / 'builder.py'} hides" in done.stderr
