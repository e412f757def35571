from __future__ import annotations

import os
from pathlib import Path

import pytest

from builder.errors import LayerError
from demo.tools import require_node


def program(folder: Path, name: str, says: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {says}\n")
    path.chmod(0o755)


def test_a_missing_node_is_reported_with_the_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LayerError, match=r"Node\.js is missing") as caught:
        require_node()
    assert "install Node.js" in caught.value.fix


def test_an_old_node_is_reported_with_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "node", "v16.20.0")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    with pytest.raises(LayerError, match=r"v16\.20\.0") as caught:
        require_node()
    assert "18" in caught.value.expected


def test_a_new_node_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "node", "v20.1.0")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    require_node()
