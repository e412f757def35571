"""The wheel, built as an installer builds it, and an environment that has it and nothing of us."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.patience import PATIENCE

PROJECT = Path(__file__).parents[1]
NEEDED = (
    "builder", "docs", "examples", "fast_lambda_layer", "hybrid_service", "modules",
    "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "layers.toml", "pyproject.toml",
)  # fmt: skip
"""What there is of the checkout; the sdist takes of it what pyproject.toml says."""
OURS = ("fast_lambda_layer", "_fast_lambda_layer", "__editable__")
"""How what the editable install has put into site-packages begins."""


def run(
    command: Sequence[str | Path], cwd: Path, text: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder."""
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **environment},
        input=text,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def worked(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(name="sdist", scope="session")
def sdist_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist of a copy of the sources, as any build frontend does."""
    folder = tmp_path_factory.mktemp("sources")
    for name in NEEDED:
        if (PROJECT / name).is_dir():
            leave_out = shutil.ignore_patterns("__pycache__")
            shutil.copytree(PROJECT / name, folder / name, ignore=leave_out)
        else:
            shutil.copy(PROJECT / name, folder)
    return build(folder, "sdist")


@pytest.fixture(name="wheel", scope="session")
def wheel_fixture(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of the sdist alone, as an installer without a wheel does."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (sources,) = folder.iterdir()
    return build(sources, "wheel")


def build(sources: Path, kind: str) -> Path:
    """Build an sdist or a wheel of a folder with sources, and return it."""
    call = f"import hatchling.build as b; b.build_{kind}('dist')"
    (sources / "dist").mkdir()
    worked(run([sys.executable, "-c", call], sources))
    (built,) = (sources / "dist").iterdir()
    return built


@pytest.fixture(name="installed", scope="session")
def installed_fixture(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install it into an environment; return the folder of its programs.

    What it depends on is linked from this environment, so that nothing is downloaded; the editable
    install of the checkout is left out.
    """
    folder = tmp_path_factory.mktemp("environment")
    uv = Path(sys.executable).with_name("uv")
    worked(run([uv, "venv", "--offline", "--python", sys.executable, folder / "venv"], folder))
    python = folder / "venv" / "bin" / "python"
    worked(run([uv, "pip", "install", "--offline", "--no-deps", "--python", python, wheel], folder))
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    target = Path(worked(run([python, "-c", where], folder)).strip())
    for there in site.getsitepackages():
        for entry in Path(there).iterdir():
            if not entry.name.startswith(OURS) and not (target / entry.name).exists():
                (target / entry.name).symlink_to(entry)
    assert PROJECT.as_posix() not in worked(
        run([python, "-c", "import sys; print(sys.path)"], folder)
    )
    return python.parent
