"""Which versions the lock file of a package folder asks for: pylock.toml, uv.lock, poetry.lock.

They are read here, because the worker may run on a Python that has no TOML reader. Facts: PEP 751
for pylock.toml; the others are as uv and Poetry write them.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from builder.errors import SourceError
from builder.spec import LayerSpec

LOCKS = ("pylock.toml", "uv.lock", "poetry.lock")
"""Names of lock files; the first one that is there counts."""

LOCKED = "locked.txt"
"""Where the bundle holds the lock, as pinned requirements."""

REFRESH = {
    "pylock.toml": "write it again with the tool that wrote it",
    "uv.lock": "run `uv lock`",
    "poetry.lock": "run `poetry lock`",
}
LOCAL = ("directory", "editable", "virtual", "path", "archive", "git", "vcs", "url")
"""Keys that say that a distribution does not come from an index."""


@dataclass(frozen=True)
class Entry:
    """One distribution of a lock; ``indexed`` if it comes from an index."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    indexed: bool


def lock_of(spec: LayerSpec, paths: Collection[str]) -> str | None:
    """Return the path of the lock file that counts for a layer's package, or None."""
    if spec.package is None:
        return None
    folder = PurePosixPath(spec.package)
    names = [(folder / name).as_posix() for name in LOCKS]
    return next((name for name in names if name in paths), None)


def locked_requirements(spec: LayerSpec, path: str, content: bytes, pyproject: bytes) -> bytes:
    """Return a lock as pinned requirements with hashes, which the worker keeps to.

    Raise SourceError when it cannot be read or no longer fits ``pyproject``.
    """
    entries = _entries(path, _table(path, content))
    _check_fits(spec, path, entries, _table(f"{spec.package}/pyproject.toml", pyproject))
    versions = Counter(entry.name for entry in entries)
    lines = [f"# {path}"]
    for entry in sorted(entries, key=lambda e: (e.name, e.version)):
        if not entry.indexed:
            continue
        several = versions[entry.name] > 1
        if several and not entry.marker:
            raise _error(
                path, f"has several versions of {entry.name} and does not say which is for whom"
            )
        marker = f" ; {entry.marker}" if several else ""
        hashes = [f"    --hash={digest}" for digest in sorted(set(entry.hashes))]
        lines.append(" \\\n".join([f"{entry.name}=={entry.version}{marker}", *hashes]))
    return ("\n".join(lines) + "\n").encode()


def read_locked(spec: LayerSpec, root: Path, paths: Collection[str]) -> bytes | None:
    """Return the pinned requirements of the layer's lock file, or None when it has none."""
    path = lock_of(spec, paths)
    if path is None:
        return None
    pyproject = root / str(spec.package) / "pyproject.toml"
    present = pyproject.read_bytes() if pyproject.is_file() else b""
    return locked_requirements(spec, path, (root / path).read_bytes(), present)


def _entries(path: str, document: Mapping[str, Any]) -> list[Entry]:
    kind = PurePosixPath(path).name
    version = str(document.get("lock-version", ""))
    if kind == "pylock.toml" and not version.startswith("1."):
        raise _error(path, f"has lock-version {version or 'none'}, which is unknown")
    packages = document.get("packages" if kind == "pylock.toml" else "package", [])
    try:
        return [_entry(package) for package in packages]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _error(path, f"cannot be read: {error!r}") from error


def _entry(package: Mapping[str, Any]) -> Entry:
    source = package.get("source", {})
    indexed = not any(key in package or key in source for key in LOCAL)
    # Poetry names the kind of what is not from its usual index.
    indexed = indexed and source.get("type") not in ("git", "directory", "file", "url")
    return Entry(
        name=canonicalize_name(package["name"]),
        version=str(package.get("version", "")),
        marker=_marker(package),
        hashes=tuple(_hashes(package)),
        indexed=indexed and "version" in package,
    )


def _marker(package: Mapping[str, Any]) -> str:
    found = package.get("marker", package.get("markers", package.get("resolution-markers", "")))
    # uv lists alternatives, Poetry has one text or a text a group.
    texts = (
        [found]
        if isinstance(found, str)
        else list(found.values() if isinstance(found, dict) else found)
    )
    try:
        several = [str(Marker(text)) for text in texts if text]
    except InvalidMarker as error:
        raise ValueError(str(error)) from error
    return " or ".join(f"({text})" for text in several) if len(several) > 1 else "".join(several)


def _hashes(package: Mapping[str, Any]) -> Iterable[str]:
    for file in [*package.get("wheels", ()), package.get("sdist"), *package.get("files", ())]:
        if not file:
            continue
        if "hash" in file:
            yield file["hash"]
        yield from (f"{kind}:{digest}" for kind, digest in file.get("hashes", {}).items())


def _check_fits(
    spec: LayerSpec, path: str, entries: Iterable[Entry], pyproject: Mapping[str, Any]
) -> None:
    versions: dict[str, list[str]] = {}
    for entry in entries:
        versions.setdefault(entry.name, []).append(entry.version)
    for requirement in _wanted(spec, pyproject):
        found = versions.get(canonicalize_name(requirement.name))
        if found is None:
            raise _error(path, f"does not have {requirement.name}, which pyproject.toml asks for")
        fits = any(not v or requirement.specifier.contains(v, prereleases=True) for v in found)
        if requirement.url is None and not fits:
            raise _error(path, f"has {requirement.name} {', '.join(found)}, not {requirement}")


def _wanted(spec: LayerSpec, pyproject: Mapping[str, Any]) -> list[Requirement]:
    """Return what pyproject.toml asks for on any of the targets."""
    project = pyproject.get("project", {})
    extras = {canonicalize_name(extra) for extra in spec.extras}
    lines = list(project.get("dependencies", []))
    for name, more in project.get("optional-dependencies", {}).items():
        lines += more if canonicalize_name(name) in extras else []
    try:
        found = [Requirement(line) for line in lines]
    except (InvalidRequirement, TypeError):
        return []  # its build backend will say it better
    own = canonicalize_name(str(project.get("name", "")))
    return [r for r in found if canonicalize_name(r.name) != own and _applies(spec, r)]


def _applies(spec: LayerSpec, requirement: Requirement) -> bool:
    if requirement.marker is None:
        return True
    return any(
        requirement.marker.evaluate(
            {
                "python_version": target.python,
                "python_full_version": f"{target.python}.0",
                "sys_platform": "linux",
                "platform_system": "Linux",
                "os_name": "posix",
                "implementation_name": "cpython",
                "platform_python_implementation": "CPython",
                "platform_machine": "aarch64" if target.architecture == "arm64" else "x86_64",
            }
        )
        for target in spec.targets
    )


def _table(path: str, content: bytes) -> Mapping[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _error(path, f"is not TOML: {error}") from error


def _error(path: str, problem: str) -> SourceError:
    name = PurePosixPath(path).name
    return SourceError(
        f"{name} {problem}",
        where=path,
        expected="a lock that fits the pyproject.toml beside it",
        fix=REFRESH.get(name, "mend the file") + (", or delete it" if name in REFRESH else ""),
    )
