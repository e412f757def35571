"""What a uv.lock has, as uv writes it: its packages, and which needs which and when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from packaging.utils import canonicalize_name

from builder.inputs.locks.entry import Entry, any_of, git_reference, hashes_of

Package = Mapping[str, Any]
Key = tuple[str, str]

NOT_INDEXED = {"directory", "editable", "virtual", "path", "git", "url"}
"""Keys of sources that are no index."""


def reachable(packages: Iterable[Package], extras: Collection[str], place: str = ".") -> set[Key]:
    """Return name and version of what the project at a place, seen from the lock, needs.

    uv locks all extras at once, those that exclude each other too (``tool.uv.conflicts``); then a
    name has several versions, and only the way to it says which one is meant.
    """
    known = list(packages)
    by_name: dict[str, list[Package]] = {}
    for package in known:
        by_name.setdefault(canonicalize_name(package["name"]), []).append(package)
    wanted = frozenset(canonicalize_name(extra) for extra in extras)
    waiting = [(package, wanted) for package in known if _is_project(package, place)]
    seen: set[tuple[Key, frozenset[str]]] = set()
    while waiting:
        package, chosen = waiting.pop()
        state = (_key(package), chosen)
        if state in seen:
            continue
        seen.add(state)
        for need in _needs(package, chosen):
            more = frozenset(canonicalize_name(extra) for extra in need.get("extra", ()))
            named = by_name.get(canonicalize_name(need["name"]), [])
            version = need.get("version")
            waiting += [(p, more) for p in named if version in (None, p.get("version"))]
    return {key for key, _ in seen}


def entries(document: Mapping[str, Any]) -> list[Entry]:
    """Return the distributions of a uv.lock.

    Raise KeyError, TypeError, AttributeError or ValueError for what is no uv.lock.
    """
    packages = document.get("package", [])
    return [_entry(package, packages) for package in packages]


def _entry(package: Package, packages: Iterable[Package]) -> Entry:
    name, source = canonicalize_name(package["name"]), package.get("source", {})
    url = _git_url(source)
    sdist = package.get("sdist")
    files = [*package.get("wheels", ()), *([sdist] if sdist else [])]
    return Entry(
        name=name,
        version=str(package.get("version", "")),
        # Of what has no forks, the packages that need it say when it is needed.
        marker=_edge_marker(packages, name)
        if url
        else any_of(package.get("resolution-markers", ())),
        hashes=hashes_of(files),
        indexed="version" in package and not source.keys() & NOT_INDEXED,
        url=url,
    )


def _git_url(source: Mapping[str, Any]) -> str:
    """Return the direct reference at the locked commit: URL?subdirectory=DIR&rev=NAME#COMMIT."""
    url, _, commit = source.get("git", "").partition("#")
    url, _, query = url.partition("?")
    return git_reference(url, commit, dict(parse_qsl(query)).get("subdirectory", ""))


def _edge_marker(packages: Iterable[Package], name: str) -> str:
    """Return when a package is needed at all: "" for always."""
    markers = [
        str(need.get("marker", ""))
        for package in packages
        for need in _needs(package, None)
        if canonicalize_name(need["name"]) == name
    ]
    return "" if "" in markers else " or ".join(f"({marker})" for marker in sorted(set(markers)))


def _needs(package: Package, extras: Collection[str] | None) -> Iterator[Mapping[str, Any]]:
    """Yield a package's dependencies, with those of the extras (of all when it is None)."""
    yield from package.get("dependencies", ())
    for extra, needs in package.get("optional-dependencies", {}).items():
        if extras is None or canonicalize_name(extra) in extras:
            yield from needs


def _is_project(package: Package, place: str) -> bool:
    source = package.get("source", {})
    return place in (source.get("editable"), source.get("virtual"), source.get("directory"))


def _key(package: Package) -> Key:
    return canonicalize_name(package["name"]), str(package.get("version", ""))
