import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.worker import uv
from builder.worker.errors import BuildError
from builder.worker.log import Log

if TYPE_CHECKING:
    from tests.worker.conftest import MakeBundle

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_pinned_uv_is_the_one_of_the_project() -> None:
    assert uv.lock() == (REPOSITORY / "bootstrap.lock").read_text()
    assert f"uv=={uv.version()} " in uv.lock()


def test_tools_installs_a_uv_that_runs(make_bundle: "MakeBundle") -> None:
    bundle = make_bundle(dependencies=["six"])
    (bundle.path / ".tools" / "bin" / "uv").unlink()

    first = bundle.run("tools")
    second = bundle.run("tools")

    assert first.status == 0, first.errors
    assert f"uv {uv.version()} is installed" in first.output
    assert "is there" in second.output
    assert os.access(bundle.path / ".tools" / "bin" / "uv", os.X_OK)


def test_tools_refuses_a_uv_that_is_not_the_pinned_one(
    tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uv, "lock", lambda: f"uv=={uv.version()} --hash=sha256:{'0' * 64}\n")
    monkeypatch.setattr(uv, "version", lambda: "0.13.9")

    with pytest.raises(BuildError, match="cannot be installed") as caught:
        uv.install(tmp_path, log)

    assert "hash" in caught.value.where.lower()


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
