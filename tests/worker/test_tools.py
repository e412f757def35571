import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.worker import program, tools
from builder.worker.errors import BuildError
from builder.worker.log import Log

if TYPE_CHECKING:
    from tests.worker.conftest import MakeBundle

REPOSITORY = Path(__file__).resolve().parents[2]
PIP = {"PIP_FIND_LINKS": ""}


def test_the_workers_uv_is_the_one_of_the_project() -> None:
    assert (REPOSITORY / "bootstrap.lock").read_text() in tools.lock()


@pytest.mark.slow
def test_tools_installs_what_runs_and_what_is_there_stays(make_bundle: "MakeBundle") -> None:
    bundle = make_bundle(dependencies=["six"])
    for entry in (bundle.path / ".tools").iterdir():
        entry.unlink() if entry.is_symlink() else (entry / "uv").unlink()

    first = bundle.run("tools", env=PIP)
    second = bundle.run("tools", env=PIP)
    built = bundle.run()

    assert first.status == 0, first.errors
    assert f"installing uv {tools.version('uv')}, deflate 0.8.1" in first.output
    assert "all there" in second.output
    assert os.access(bundle.path / ".tools" / "bin" / "uv", os.X_OK)
    assert built.status == 0, built.errors
    assert built.manifest["worker"] == program.version()
    assert (bundle.path / ".tools" / f"worker-{program.version()}").is_dir()


@pytest.mark.slow
def test_tools_refuses_what_is_not_pinned(
    tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = f"uv=={tools.version('uv')} --hash=sha256:{'0' * 64}\n"
    monkeypatch.setattr(tools, "lock", lambda: wrong)
    monkeypatch.setattr(tools, "described", lambda: "uv")

    with pytest.raises(BuildError, match="cannot be installed") as caught:
        tools.install(tmp_path, log)

    assert "hash" in caught.value.where.lower()


@pytest.mark.slow
@pytest.mark.parametrize("gone", ["deflate", "cyclonedx"])
def test_a_build_without_a_tool_is_refused_and_not_done_in_another_way(
    gone: str, make_bundle: "MakeBundle"
) -> None:
    bundle = make_bundle(dependencies=["six"])
    (bundle.path / ".tools" / gone).unlink()

    result = bundle.run()

    assert result.status == 1
    assert "run `python3 worker.pyz tools` first" in result.errors
    assert not (result.out / "layer.zip").exists()
