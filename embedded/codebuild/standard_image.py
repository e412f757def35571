"""CodeBuild's own image of Amazon Linux 2023: which interpreters a build finds in it, and where.

Source: the images' definitions in aws-codebuild-docker-images, al/x86_64/standard/6.0 and
al/aarch64/standard/4.0: pyenv in HOME has Python 3.10 to 3.14, 3.14 is chosen, and the shims of the
others start nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from embedded.codebuild import interpreters
from embedded.codebuild.settings import InvalidInput

IMAGE = re.compile(r"aws/codebuild/amazonlinux-(?:x86_64-standard:6\.0|aarch64-standard:4\.0)")
VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
CHOSEN = "3.14"

NOT_CHOSEN = """#!/bin/sh
echo "pyenv: {name}: command not found" >&2
exit 127
"""


def is_standard(image: str) -> bool:
    """Whether an image is one of these."""
    return IMAGE.fullmatch(image) is not None


def check(environment: Mapping[str, str]) -> None:
    """Raise InvalidInput for the wrong credentials.

    Source: API reference, imagePullCredentialsType: curated images need CODEBUILD credentials.
    """
    pulls = environment.get("imagePullCredentialsType", "")
    if is_standard(environment.get("image", "")) and pulls == "SERVICE_ROLE":
        raise InvalidInput("Must use CODEBUILD credentials with CodeBuild curated images")


def chosen(default: Path) -> Path:
    """Return what ``python3`` is in these images, else the default one."""
    return interpreters.of_version(CHOSEN, default)


def furnish(home: Path, programs: Path) -> None:
    """Put those interpreters that this machine has where the image has them."""
    nothing = Path("/nowhere")
    for version in VERSIONS:
        found = interpreters.of_version(version, nothing)
        name = f"python{version}"
        if version != CHOSEN:
            _program(programs / name, NOT_CHOSEN.format(name=name))
        if found != nothing:
            folder = home / ".pyenv" / "versions" / f"{version}.0" / "bin"
            folder.mkdir(parents=True)
            # A link: where a build's folders are, code of packages may open nothing else.
            (folder / name).symlink_to(found.resolve())


def _program(path: Path, script: str) -> None:
    path.write_text(script, encoding="utf-8")
    path.chmod(0o755)
