from __future__ import annotations

import stat
from pathlib import Path

import pytest

from builder.errors import LayerError
from builder.sizes import cache
from builder.worker import tools
from builder.worker.log import Log


def test_the_cache_is_where_it_is_wanted_and_for_this_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "mine"))
    made = cache.folder("tables")
    assert made == tmp_path / "mine/tables"
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    monkeypatch.delenv(cache.VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.folder("tables") == tmp_path / "xdg/fast-lambda-layer/tables"


def test_a_cache_that_cannot_be_written_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "file"))
    with pytest.raises(LayerError, match="the cache cannot be written") as refused:
        cache.folder("tables")
    assert cache.VARIABLE in refused.value.fix


def test_the_uv_that_is_here_is_used_if_it_is_the_pinned_one() -> None:
    assert tools.is_pinned(cache.pinned_uv(Log()))


def test_another_uv_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "uv"
    other.write_text("#!/bin/sh\necho uv 0.0.1\n")
    other.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    done = tmp_path / "done"
    monkeypatch.setattr(cache, "with_tools", lambda log: done)
    assert cache.pinned_uv(Log()) == tools.program(done)


def test_the_tools_are_installed_once_and_never_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "mine"))
    installed: list[Path] = []

    def install(bundle: Path, log: Log) -> Path:
        """Put a uv of the pinned version where the real one would be."""
        installed.append(bundle)
        uv = tools.program(bundle)
        uv.parent.mkdir(parents=True)
        uv.write_text(f"#!/bin/sh\necho uv {tools.version('uv')}\n")
        uv.chmod(0o755)
        (bundle / tools.TOOLS / tools.DONE).write_text(tools.lock())
        return bundle

    monkeypatch.setattr(tools, "install", install)
    place = cache.with_tools(Log())
    assert tools.is_complete(place)
    assert cache.with_tools(Log()) == place
    assert len(installed) == 1
    (place / tools.TOOLS / tools.DONE).unlink()  # as if it had been interrupted
    assert tools.is_complete(cache.with_tools(Log()))
    assert len(installed) == 2
    assert [path.name for path in place.parent.iterdir()] == [place.name]
