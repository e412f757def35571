"""The site is made without a warning, and every page is in its contents."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docsite.__main__ import REPOSITORY, lay_out
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow


@pytest.fixture(name="source", scope="module")
def source_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a site") / "source"
    lay_out(folder)
    return folder


def test_every_page_is_in_the_contents_once(source: Path) -> None:
    index = (source / "index.md").read_text(encoding="utf-8")
    listed = re.findall(r"^(?:docs|reference|examples/ci)/[\w-]+$", index, re.MULTILINE)
    pages = {
        path.relative_to(source).with_suffix("").as_posix()
        for folder in ("docs", "reference")
        for path in source.glob(f"{folder}/*.md")
    }
    assert pages - set(listed) == set()
    assert len(listed) == len(set(listed))


def test_the_index_is_the_readme(source: Path) -> None:
    index = (source / "index.md").read_text(encoding="utf-8")
    assert index.startswith((REPOSITORY / "README.md").read_text(encoding="utf-8"))


def test_sphinx_makes_it_without_a_warning(source: Path, tmp_path: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    python = tmp_path / "venv" / "bin" / "python"
    for command in (
        [uv, "venv", "--quiet", "--python", sys.executable, tmp_path / "venv"],
        [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r",
         REPOSITORY / "site.lock"],
        [python, "-m", "sphinx", "--quiet", "--fail-on-warning", "-b", "html", source,
         tmp_path / "html"],
    ):  # fmt: skip
        done = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=3 * PATIENCE,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "html/index.html").read_text(encoding="utf-8")
    assert "Quick start: a requirements.txt" in page
    loaded = re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=\"(https?:[^\"]+)", page)
    assert loaded == []
