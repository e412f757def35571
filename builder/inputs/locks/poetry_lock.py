"""What a poetry.lock has, as Poetry writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from packaging.utils import canonicalize_name

from builder.inputs.locks.entry import Entry, any_of, git_reference, hashes_of

INDEXED = (None, "legacy")
"""Types of sources that are indexes: PyPI has none, and every other one is a legacy one."""


def entries(document: Mapping[str, Any]) -> list[Entry]:
    """Return the distributions of a poetry.lock.

    Raise KeyError, TypeError, AttributeError or ValueError for what is no poetry.lock.
    """
    return [_entry(package) for package in document.get("package", [])]


def _entry(package: Mapping[str, Any]) -> Entry:
    source, markers = package.get("source", {}), package.get("markers", "")
    url = ""
    if source.get("type") == "git":
        folder = source.get("subdirectory", "")
        url = git_reference(source["url"], source["resolved_reference"], folder)
    return Entry(
        name=canonicalize_name(package["name"]),
        version=str(package.get("version", "")),
        # One text, or a text a group.
        marker=any_of([markers] if isinstance(markers, str) else markers.values()),
        hashes=hashes_of(package.get("files", ())),
        indexed="version" in package and source.get("type") in INDEXED,
        url=url,
    )
