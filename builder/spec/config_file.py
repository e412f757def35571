"""Where the layers.toml is that a command reads when none is named."""

from __future__ import annotations

from pathlib import Path

FILE_NAME = "layers.toml"


def find_config(folder: Path) -> Path:
    """Return the layers.toml of a folder, or of the nearest one above in the same repository.

    Outside of a repository only the folder itself is looked at: what lies above belongs to others.
    Where there is none, return the path that it should have.
    """
    above = [folder, *folder.parents]
    roots = [number for number, place in enumerate(above) if (place / ".git").exists()]
    for place in above[: roots[0] + 1 if roots else 1]:
        if (place / FILE_NAME).is_file():
            return Path(FILE_NAME) if place == folder else place / FILE_NAME
    return Path(FILE_NAME)
