from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from builder.errors import LayerError
from builder.spec.layers_toml import load_config
from demo.project import EDITED, REPOSITORY, make_project


def test_the_copy_builds_for_the_interpreter_that_will_run_its_functions(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    config = load_config(project.folder / "layers.toml")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert {layer.python for layer in config.layers} == {(version,)}
    assert [layer.name for layer in config.layers] == ["receipts", "science"]


def test_an_edit_changes_the_copy_and_not_this_checkout(tmp_path: Path) -> None:
    before = (REPOSITORY / EDITED).read_text()
    project = make_project(tmp_path / "project")
    assert project.edit() == EDITED.as_posix()
    assert "2.0.0" in (project.folder / EDITED).read_text()
    assert (REPOSITORY / EDITED).read_text() == before


def test_a_machine_that_lambda_does_not_have_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(LayerError, match="riscv64") as caught:
        make_project(tmp_path / "project")
    assert "arm64 or x86_64" in caught.value.expected


def test_a_failing_synthesis_is_reported_in_its_own_words(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    (project.folder / "main.py").write_text("raise SystemExit('no such construct')\n")
    with pytest.raises(LayerError, match=r"main\.py failed") as caught:
        project.synthesize({})
    assert "no such construct" in caught.value.fix
