"""The pyproject.toml of a folder of the project."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from builder.errors import SourceError


def read_pyproject(root: Path, folder: PurePosixPath) -> Mapping[str, Any]:
    """Return a folder's pyproject.toml, or {} when there is none.

    Raise SourceError when it is not TOML.
    """
    path = root / folder / "pyproject.toml"
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError:
        return {}  # whoever needs it refuses the folder
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SourceError(
            f"{folder / 'pyproject.toml'} is not TOML: {error}",
            where=str(path),
            expected="TOML in UTF-8",
            fix="correct the line that is named",
        ) from error
