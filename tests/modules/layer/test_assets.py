from __future__ import annotations

import base64
import hashlib
import io
import os
import zipfile
from pathlib import Path

import cdktf
import pytest

from modules.layer.assets import SourceTree, bundle_sources, zip_function


@pytest.fixture
def stack(tmp_path: Path) -> cdktf.TerraformStack:
    return cdktf.TerraformStack(cdktf.App(outdir=str(tmp_path / "out")), "shop")


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    return tmp_path / "out" / "stacks" / "shop" / "assets"


def source_tree(folder: Path, *files: str) -> SourceTree:
    for file in files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file)
    return SourceTree(folder, files)


def test_sources_keep_their_paths(
    stack: cdktf.TerraformStack, tmp_path: Path, assets: Path
) -> None:
    tree = source_tree(tmp_path / "project", "pkg/pyproject.toml", "pkg/src/a b.py")
    assert bundle_sources(stack, "web", tree) == "${path.module}/assets/web"
    assert (assets / "web/pkg/pyproject.toml").read_text() == "pkg/pyproject.toml"
    assert (assets / "web/pkg/src/a b.py").read_text() == "pkg/src/a b.py"


def test_sources_that_went_away_are_not_left(
    stack: cdktf.TerraformStack, tmp_path: Path, assets: Path
) -> None:
    bundle_sources(stack, "web", source_tree(tmp_path / "project", "old.py", "kept.py"))
    bundle_sources(stack, "web", source_tree(tmp_path / "project", "kept.py"))
    assert [path.name for path in (assets / "web").iterdir()] == ["kept.py"]


def test_the_exec_bit_is_all_that_is_kept_of_a_mode(
    stack: cdktf.TerraformStack, tmp_path: Path, assets: Path
) -> None:
    tree = source_tree(tmp_path / "project", "run.sh", "data.txt")
    (tree.folder / "run.sh").chmod(0o700)
    (tree.folder / "data.txt").chmod(0o600)
    bundle_sources(stack, "web", tree)
    assert (assets / "web/run.sh").stat().st_mode & 0o777 == 0o755
    assert (assets / "web/data.txt").stat().st_mode & 0o777 == 0o644


def test_a_functions_zip_is_the_same_at_any_time(
    stack: cdktf.TerraformStack, tmp_path: Path, assets: Path
) -> None:
    source = tmp_path / "proof.py"
    source.write_text("def handler(event, context): ...\n")
    first = zip_function(stack, "proof", source)
    os.utime(source, (1, 1))
    assert zip_function(stack, "proof", source) == first
    content = (assets / "proof.zip").read_bytes()
    assert base64.b64decode(first.sha256) == hashlib.sha256(content).digest()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.read("proof.py") == source.read_bytes()
        assert archive.getinfo("proof.py").external_attr >> 16 == 0o644
