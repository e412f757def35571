"""Builds on a real disk that has no room for them (tests/small_disk.py)."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from builder.inputs.worker_program import worker
from tests import small_disk
from tests.worker.samples import offline
from tests.worker.test_merge import NEW, OLD, part

if TYPE_CHECKING:
    from pathlib import Path

    from tests.worker.conftest import Bundle, MakeBundle, MakeWheel

pytestmark = pytest.mark.slow

SIZE = 600_000
"""Bytes of the one file that the layer has; the bundle's wheel has them, too."""

ENOUGH = "40m"
TOO_LITTLE = {
    "for the copy of the project": "800k",
    "for another copy, to resolve apart": "1400k",
    "for what is downloaded": "1800k",
    "for what is installed": "1820k",
    "for the zip": "2200k",
}


@pytest.fixture
def bundle(make_bundle: MakeBundle, make_wheel: MakeWheel) -> Bundle:
    bundle = make_bundle(requirements=["requirements.txt"])
    wheels = bundle.path / "project" / "wheels"
    make_wheel(wheels, "large", files={"large.py": "", "large.bin": os.urandom(SIZE)})
    offline(bundle, "large")
    return bundle


def build(bundle: Bundle, disk: Path, size: str) -> small_disk.Ended:
    command = [sys.executable, "worker.pyz", "build"]
    # What is cached for the tests is not on that disk, and must not be: a build's own cache is.
    return small_disk.run(disk, size, command, source=bundle.path, env={"UV_CACHE_DIR": ""})


@pytest.mark.parametrize("size", TOO_LITTLE.values(), ids=list(TOO_LITTLE))
def test_a_build_without_room_is_one_error_and_leaves_no_layer(
    bundle: Bundle, tmp_path: Path, size: str
) -> None:
    ended = build(bundle, tmp_path / "disk", size)

    assert ended.status == 1
    assert ended.errors.count("ERROR: ") == 1
    assert ended.errors.startswith("ERROR: ")
    assert "No space left on device" in ended.errors or "the disk is full" in ended.errors
    assert "Traceback" not in ended.errors
    assert "[(" not in ended.errors
    made = [name for name in ended.left if name.startswith("out/")]
    assert [name for name in made if not name.startswith("out/lock-")] == []


@pytest.mark.parametrize("size", ["300k", "3m"])
def test_tools_without_room_are_one_error_and_not_believed_later(tmp_path: Path, size: str) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "worker.pyz").write_bytes(worker())

    command = [sys.executable, "worker.pyz", "tools"]
    ended = small_disk.run(tmp_path / "disk", size, command, source=source)

    assert ended.status == 1
    assert ended.errors.count("ERROR: ") == 1
    assert "No space left on device" in ended.errors
    assert "Traceback" not in ended.errors
    assert ".tools/installed.txt" not in ended.left


def test_the_same_build_with_room_leaves_one(bundle: Bundle, tmp_path: Path) -> None:
    ended = build(bundle, tmp_path / "disk", ENOUGH)

    assert (ended.status, ended.errors) == (0, "")
    assert {"out/layer.zip", "out/manifest.json"} <= set(ended.left)


def merge(make_bundle: MakeBundle, tmp_path: Path, size: str) -> small_disk.Ended:
    """Merge two parts, which lie elsewhere, on a disk of a size."""
    bundle = make_bundle(targets=(OLD, NEW), dependencies=["six"])
    environment = {}
    for target in (OLD, NEW):
        name = f"python/lib/python{target.python}/site-packages/six.py"
        folder = part(tmp_path / "parts" / target.python, target, {name: os.urandom(SIZE)})
        environment[f"CODEBUILD_SRC_DIR_python{target.python.replace('.', '_')}"] = str(folder)
    command = [sys.executable, "worker.pyz", "merge"]
    return small_disk.run(tmp_path / "disk", size, command, source=bundle.path, env=environment)


@pytest.mark.parametrize("size", ["600k", "900k", "1152k"])
def test_a_merge_without_room_is_one_error_and_leaves_no_layer(
    make_bundle: MakeBundle, tmp_path: Path, size: str
) -> None:
    ended = merge(make_bundle, tmp_path, size)

    assert ended.status == 1
    assert ended.errors.startswith("ERROR: ")
    assert ended.errors.count("ERROR: ") == 1
    assert "No space left on device" in ended.errors or "the disk is full" in ended.errors
    assert [name for name in ended.left if name.startswith("out/")] == []


def test_the_same_merge_with_room_leaves_one(make_bundle: MakeBundle, tmp_path: Path) -> None:
    ended = merge(make_bundle, tmp_path, ENOUGH)

    assert (ended.status, ended.errors) == (0, "")
    assert {"out/layer.zip", "out/manifest.json"} <= set(ended.left)
