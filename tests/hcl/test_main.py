"""The files in terraform/ are those that the constructs make today."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from hcl import __main__ as command

FOLDER = command.FOLDER


@pytest.mark.slow
def test_the_module_is_written_anew_byte_for_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    assert command.main(["--check"]) == 1
    assert "terraform/main.tf is stale: run make module" in capsys.readouterr().err
    assert command.main([]) == 0
    for file in tmp_path.rglob("*.tf"):
        name = file.relative_to(tmp_path)
        assert file.read_bytes() == (FOLDER / name).read_bytes(), name
    assert command.main(["--check"]) == 0


def test_all_files_are_formatted(terraform: Path, tmp_path: Path) -> None:
    copy = tmp_path / "terraform"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns(".terraform*"))
    done = subprocess.run(
        [terraform, "fmt", "-check", "-diff", "-recursive", copy],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_it_has_neither_providers_nor_a_backend() -> None:
    text = "\n".join(file.read_text() for file in FOLDER.glob("*.tf"))
    assert 'provider "' not in text
    assert "backend " not in text
