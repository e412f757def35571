"""What a pylock.toml has: PEP 751, version 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from packaging.utils import canonicalize_name

from builder.inputs.locks.entry import Entry, UnknownFormat, any_of, git_reference

NOT_INDEXED = ("vcs", "directory", "archive")
"""Keys of packages that do not come from an index."""


def entries(document: Mapping[str, Any]) -> list[Entry]:
    """Return the distributions of a pylock.toml.

    Raise UnknownFormat for another version of it, and KeyError, TypeError, AttributeError or
    ValueError for what is no pylock.toml.
    """
    version = str(document.get("lock-version", ""))
    if not version.startswith("1."):
        raise UnknownFormat(f"has lock-version {version or 'none'}, which is unknown")
    return [_entry(package) for package in document.get("packages", [])]


def _entry(package: Mapping[str, Any]) -> Entry:
    vcs = package.get("vcs", {})
    is_git = vcs.get("type") == "git"
    files = [*package.get("wheels", ()), *([package["sdist"]] if package.get("sdist") else [])]
    return Entry(
        name=canonicalize_name(package["name"]),
        version=str(package.get("version", "")),
        marker=any_of([package.get("marker", "")]),
        hashes=tuple(f"{k}:{v}" for file in files for k, v in file.get("hashes", {}).items()),
        indexed="version" in package and not any(key in package for key in NOT_INDEXED),
        url=git_reference(vcs.get("url", ""), vcs["commit-id"], vcs.get("subdirectory", ""))
        if is_git
        else "",
    )
