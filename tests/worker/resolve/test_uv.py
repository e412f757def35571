from pathlib import Path

import pytest

from builder.worker.errors import BuildError
from builder.worker.resolve import uv


def test_a_build_before_tools_says_what_to_run_first(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="uv is not there") as caught:
        uv.find(tmp_path)

    assert "worker.pyz tools" in caught.value.fix


def test_what_would_point_uv_elsewhere_is_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", "/somewhere")
    monkeypatch.setenv("UV_INDEX", "kept")

    environment = uv.environment()

    assert "VIRTUAL_ENV" not in environment
    assert environment["UV_INDEX"] == "kept"
