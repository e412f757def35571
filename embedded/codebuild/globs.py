"""Find files by the patterns of a buildspec.

Source: AWS CodeBuild user guide, "Build specification reference", artifacts/files: a file, a folder
with ``*`` for the files in it, ``**/*`` for everything below.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path


def to_regex(pattern: str) -> re.Pattern[str]:
    """Translate a pattern: ``*`` and ``?`` stay within a folder, ``**`` does not."""
    parts = []
    for token in re.findall(r"\*\*/|\*\*|\*|\?|[^*?]+", pattern.removeprefix("./")):
        parts.append(
            {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(token)
            or re.escape(token)
        )
    return re.compile("".join(parts))


def all_files(root: Path) -> list[str]:
    """Return the paths of all files below a folder, relative to it, sorted."""
    found = []
    for folder, _, names in os.walk(root):
        relative = Path(folder).relative_to(root)
        found += [(relative / name).as_posix() for name in names]
    return sorted(found)


def matching(root: Path, patterns: Iterable[str], exclude: Iterable[str] = ()) -> list[str]:
    """Return the files below a folder that a pattern matches and none excludes."""
    wanted = [to_regex(pattern) for pattern in patterns]
    unwanted = [to_regex(pattern) for pattern in exclude]
    return [
        path
        for path in all_files(root)
        if any(regex.fullmatch(path) for regex in wanted)
        and not any(regex.fullmatch(path) for regex in unwanted)
    ]
