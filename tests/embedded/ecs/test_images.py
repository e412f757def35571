from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from embedded.ecs import images


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("chroma", "chroma/latest"),
        ("chroma:1.5", "chroma/1.5"),
        ("team/chroma:1.5", "team/chroma/1.5"),
        ("123456789012.dkr.ecr.eu-central-1.amazonaws.com/app/chroma:fp", "app/chroma/fp"),
        ("localhost:5000/chroma", "chroma/latest"),
    ],
)
def test_an_image_is_found_by_its_name_without_the_registry(
    name: str, folder: str, tmp_path: Path
) -> None:
    assert images.folder_of(tmp_path, name) == tmp_path / folder


def test_an_image_has_what_it_was_made_with(tmp_path: Path) -> None:
    images.make(tmp_path, "a:1", {"python": Path(sys.executable)}, {"X": "1"}, ["python", "-V"])
    found = images.find(tmp_path, "a:1")
    assert (found.environment, found.entrypoint) == ({"X": "1"}, ("python", "-V"))
    done = subprocess.run(
        [found.programs / "python", "-c", "print(6 * 7)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "42\n"


@pytest.mark.parametrize("name", ["b:1", "a:2", "x/../a:1"])
def test_an_image_that_is_not_there_is_said_so(name: str, tmp_path: Path) -> None:
    images.make(tmp_path / "images", "a:1", {})
    with pytest.raises(images.ImageMissing, match="not found"):
        images.find(tmp_path / "images", name)
