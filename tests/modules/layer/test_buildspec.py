from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
import yaml

from builder.protocol.variables import SEAL
from modules.layer.buildspec import buildspec, buildspec_text


def test_the_text_is_the_buildspec_as_yaml() -> None:
    assert yaml.safe_load(buildspec_text()) == buildspec()


def test_a_build_gets_its_tools_and_then_builds() -> None:
    phases = buildspec()["phases"]
    assert phases["install"]["commands"] == ["python3 worker.pyz tools"]
    assert phases["build"]["commands"] == ["python3 worker.pyz build", SEAL]


@pytest.mark.parametrize("name", ["manifest.json", "part.json"])
def test_what_a_build_leaves_is_sealed_by_a_variable_that_codebuild_keeps(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_bytes(b"what was made")
    shown = subprocess.run(
        ["bash", "-c", f'{SEAL}; printf %s "$LAYER_SEAL"'],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    assert shown.stdout == hashlib.sha256(b"what was made").hexdigest()
    assert buildspec()["env"] == {"exported-variables": ["LAYER_SEAL"]}


def test_everything_below_out_is_the_artifact() -> None:
    assert buildspec()["artifacts"] == {"base-directory": "out", "files": ["**/*"]}


def test_nothing_is_kept_for_a_later_build() -> None:
    assert "cache" not in buildspec()
