"""The synthesis as a command, in a folder without a main.py."""

import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from builder.cli import main
from builder.commands import synthesis
from tests.builder.commands.conftest import PROGRAM
from tests.builder.conftest import write_tree
from tests.fast_lambda_layer.test_synth import LAYERS
from tests.patience import PATIENCE


def synth(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *words],
        cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_it_writes_what_main_py_does(tmp_path: Path) -> None:
    # Names that cdktf or we import hide nothing.
    write_tree(tmp_path, {"layers.toml": LAYERS, "cdktf.py": "x", "builder.py": "x", "sub/": ""})
    done = synth(tmp_path / "sub", "--config", "../layers.toml", "synth")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("../layers.toml -> ../cdktf.out/stacks/shop\n")
    assert (tmp_path / "cdktf.out/stacks/shop/cdk.tf.json").is_file()


@pytest.mark.slow
def test_a_wrong_file_is_said_once_and_exit_code_1(tmp_path: Path) -> None:
    done = synth(tmp_path, "synth")

    assert done.returncode == 1
    assert done.stderr.startswith("ERROR: there is no layers.toml")
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_sources_are_bundled_on_demand(tmp_path: Path) -> None:
    text = LAYERS.replace('dependencies = ["six==1.17.0"]', 'requirements = "requirements.txt"')
    write_tree(tmp_path, {"layers.toml": text, "requirements.txt": "six"})
    assert synth(tmp_path, "synth", "--bundle-sources").returncode == 0
    assert list((tmp_path / "cdktf.out").rglob("requirements.txt"))


@pytest.mark.parametrize("command", ["synth", "deploy"])
def test_a_synthesis_that_does_not_end_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(synthesis, "LONGEST", 0.003)  # no Python starts in it
    write_tree(tmp_path, {"layers.toml": LAYERS})

    done = CliRunner().invoke(main, ["--config", str(tmp_path / "layers.toml"), command])

    assert done.exit_code == 1
    assert done.stderr.startswith("ERROR: the synthesis did not end within ")
    assert f"where:    {tmp_path / 'layers.toml'}" in done.stderr
    assert "node --version" in done.stderr
    assert "Traceback" not in done.output
