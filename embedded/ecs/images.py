"""Images of the embedded AWS: folders with the programs that a container would have.

Without Docker an image is no file system. Here it is a folder below ``images`` (one that was pushed
to the embedded ECR: pulled.py), named as the image
is without its registry: ``images/chroma/1.5.9/bin`` comes first on the PATH of the container's
process. ``environment.json`` beside ``bin`` holds variables, ``entrypoint.json`` words, as an
image's ENV and ENTRYPOINT do.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from builder.errors import LayerError


class ImageMissing(LayerError):
    """There is no image of this name."""


@dataclass(frozen=True)
class Image:
    """What a container gets from its image."""

    programs: Path
    environment: dict[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()


def folder_of(images: Path, name: str) -> Path:
    """Return the folder of an image; a name without a tag means ``latest``."""
    registry, _, rest = name.partition("/")
    # A registry has a dot, a port, or is localhost (Docker docs, "docker image tag").
    repository = rest if rest and ("." in registry or ":" in registry) else name
    repository, _, tag = repository.partition(":")
    return images / repository / (tag or "latest")


def find(images: Path, name: str) -> Image:
    """Return an image; raise ImageMissing."""
    folder = folder_of(images, name)
    if not (folder / "bin").is_dir() or ".." in folder.parts:
        raise ImageMissing(
            f"pull image manifest has been retried 1 time(s): {name}: not found",
            where=str(folder),
            expected="a folder bin with the programs of the image",
            fix="make the image's folder, or correct its name in the task definition",
        )
    return Image(
        folder / "bin",
        dict(_read(folder / "environment.json")),
        tuple(_read(folder / "entrypoint.json")),
    )


def make(
    images: Path,
    name: str,
    programs: dict[str, Path],
    environment: dict[str, str] | None = None,
    entrypoint: list[str] | None = None,
) -> Path:
    """Make an image of programs of this machine; return its folder."""
    folder = folder_of(images, name)
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    for program, path in programs.items():
        # Not a link: an interpreter finds its packages beside where it was started from.
        script = folder / "bin" / program
        script.write_text(f"#!/bin/sh\nexec '{path}' \"$@\"\n")
        script.chmod(0o755)
    (folder / "environment.json").write_text(json.dumps(environment or {}))
    (folder / "entrypoint.json").write_text(json.dumps(entrypoint or []))
    return folder


def _read(file: Path) -> Any:
    return json.loads(file.read_text()) if file.exists() else {}
