import sys
from pathlib import Path

import pytest

from builder.worker.errors import BuildError
from builder.worker.log import Log
from builder.worker.resolve import uv
from builder.worker.resolve.build_lock import BuildLock


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


def test_what_may_build_is_seen_on_the_command_line_and_in_the_files(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text("six\n")
    (tmp_path / "builds.txt").write_text("-r more.txt\n")
    (tmp_path / "more.txt").write_text("--no-binary idna\nidna\n")
    wheels = ["--only-binary", ":all:"]

    assert uv.builds_nothing([str(tmp_path / "plain.txt"), *wheels])
    assert not uv.builds_nothing([str(tmp_path / "plain.txt")])
    assert not uv.builds_nothing([str(tmp_path / "plain.txt"), *wheels, "--no-binary", "idna"])
    assert not uv.builds_nothing([str(tmp_path / "builds.txt"), *wheels])


@pytest.mark.parametrize(
    "text", ["[tool.uv.pip]\nno-binary = ['x']", "[tool.uv]\npip = {no-binary=['x']}"]
)
def test_a_setting_that_builds_what_is_installed_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.uv]\nno-binary-package = ['x']\n")
    uv.check_settings(tmp_path)
    (tmp_path / "pyproject.toml").write_text(text)

    with pytest.raises(BuildError, match=r"pyproject\.toml has uv build packages from source"):
        uv.check_settings(tmp_path)


def test_after_code_of_strangers_nothing_that_was_cached_is_believed(tmp_path: Path) -> None:
    does_nothing = tmp_path / "uv"
    does_nothing.write_text("#!/bin/sh\n")
    does_nothing.chmod(0o755)
    for name in ("project", "work"):
        (tmp_path / name).mkdir()
    used, empty = tmp_path / "work" / "used", tmp_path / "work" / "empty"
    locked = BuildLock(tmp_path / "work" / "build-lock.txt")
    own = uv.Uv(does_nothing, tmp_path / "project", sys.executable, Log(), used, locked)
    other = own.at(tmp_path)

    assert own.believing(empty).cache == used

    own.build_wheel(tmp_path / "project", tmp_path / "wheels", {})

    assert own.believing(empty).cache == empty
    assert other.believing(empty).cache == empty
