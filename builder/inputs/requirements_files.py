"""Which files of the project a requirements file names."""

from __future__ import annotations

import re
from urllib.parse import unquote

DISTRIBUTIONS = (".whl", ".tar.gz", ".zip")
"""How files end that pip and uv install as they are."""


def requirement_references(text: str) -> list[str]:
    """Return the files and local projects that a requirements file names, as it names them."""
    joined = re.sub(r"\\\r?\n", " ", text)
    lines = (re.sub(r"(^|\s)#.*$", "", line).strip() for line in joined.splitlines())
    return [reference for line in lines if (reference := _reference(line))]


def _reference(line: str) -> str | None:
    option = re.match(
        r"(?:-[rcf]|--requirement|--constraint|--find-links)(?:\s+|=)?([^-=\s]\S*)", line
    )
    if option:
        return _path(option[1])
    editable = re.match(r"(?:-e|--editable)(?:\s+|=)(\S+)", line)
    if editable:
        return _path(editable[1])
    if line.startswith("-"):
        return None
    named = re.match(r"[\w.-]+\s*(?:\[[^]]*\])?\s*@\s*(\S+)", line)
    path = _path(named[1] if named else line)
    looks_like_one = path and (
        named or "/" in path or path.startswith(".") or path.endswith(DISTRIBUTIONS)
    )
    return path if looks_like_one else None


def _path(text: str) -> str | None:
    """Return the path that a word of a requirements file is, without extras; None for a URL."""
    path = re.sub(r"\[[^]]*\]$", "", re.split(r"[\s;#]", text)[0])
    if path.startswith("file:"):
        return unquote(path.removeprefix("file:").removeprefix("//"))
    return None if "://" in path else path
