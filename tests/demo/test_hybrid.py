"""The chapter about a hybrid service, told for real."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from builder.spec.layers_toml import load_config
from demo.hybrid import IDLE, make_project
from tests.demo.conftest import MARK, leaves_nothing


def test_the_project_is_a_thin_layer_and_a_service(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")

    config = load_config(project / "layers.toml")

    assert [(layer.package, layer.supervisor) for layer in config.layers] == [
        ("client", False),
        (None, True),
    ]
    assert (project / "client" / "hybrid_service" / "client.py").is_file()
    (service,) = config.services
    assert (service.idle, service.force_destroy) == (IDLE, True)


@pytest.mark.slow
@pytest.mark.aws
@pytest.mark.usefixtures("terraform")
@pytest.mark.skipif(shutil.which("node") is None, reason="needs node on the PATH")
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks into /proc")
def test_the_chapter_is_told_to_its_end_and_leaves_nothing(clone: Path, mark: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "demo.hybrid"],
        cwd=clone,
        env={**os.environ, MARK: mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=900,
    )

    assert told.returncode == 0, told.stdout
    for said in (
        "cold: ",
        "warm: ",
        "stopped: idle",
        "cold again: ",
        "cold with the new",
        "destroyed: ",
    ):
        assert f"\u2714 {said}" in told.stdout
    leaves_nothing(mark)
