import sys
from pathlib import Path

import pytest

from embedded.codebuild.interpreters import for_image

IMAGE = "public.ecr.aws/sam/build-python{}:latest-arm64"
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
DEFAULT = Path(sys.executable)


def interpreter(path: Path, says: str) -> Path:
    """Write what answers like an interpreter of a version."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {says}\n")
    path.chmod(0o755)
    return path


def nowhere(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "PATH": str(tmp_path / "bin")}


def test_an_image_of_the_default_version_gets_the_default(tmp_path: Path) -> None:
    interpreter(tmp_path / f".pyenv/versions/{HERE}.0/bin/python{HERE}", HERE)

    assert for_image(IMAGE.format(HERE), DEFAULT, nowhere(tmp_path)) == DEFAULT


def test_an_image_that_is_pinned_by_its_digest_names_its_version_too(tmp_path: Path) -> None:
    made = interpreter(tmp_path / "bin/python3.99", "3.99")
    image = f"public.ecr.aws/sam/build-python3.99@sha256:{'9f' * 32}"

    assert for_image(image, DEFAULT, nowhere(tmp_path)) == made


def test_images_of_lambda_compute_name_their_version_too(tmp_path: Path) -> None:
    made = interpreter(tmp_path / "bin/python3.99", "3.99")
    image = "aws/codebuild/amazonlinux-aarch64-lambda-standard:python3.99"

    assert for_image(image, DEFAULT, nowhere(tmp_path)) == made


@pytest.mark.parametrize(
    "place",
    [
        ".pyenv/versions/3.99.1/bin/python3.99",
        ".local/share/uv/python/cpython-3.99.1-linux-x86_64-gnu/bin/python3.99",
        "bin/python3.99",
    ],
)
def test_the_images_version_is_found_wherever_it_may_be(tmp_path: Path, place: str) -> None:
    made = interpreter(tmp_path / place, "3.99")

    assert for_image(IMAGE.format("3.99"), DEFAULT, nowhere(tmp_path)) == made


def test_what_only_looks_like_the_interpreter_is_passed_over(tmp_path: Path) -> None:
    interpreter(tmp_path / "bin/python3.99", "not here; exit 127")

    assert for_image(IMAGE.format("3.99"), DEFAULT, nowhere(tmp_path)) == DEFAULT


@pytest.mark.parametrize("image", ["aws/codebuild/standard:7.0", "build-java21", ""])
def test_other_images_get_the_default(tmp_path: Path, image: str) -> None:
    assert for_image(image, DEFAULT, nowhere(tmp_path)) == DEFAULT
