"""Which versions the lock file of a package folder asks for: pylock.toml, uv.lock, poetry.lock.

They are read here, because the worker may run on a Python that has no TOML reader. Facts: PEP 751
for pylock.toml; the others are as uv and Poetry write them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from builder.documents import Malformed, read_toml
from builder.errors import SourceError
from builder.inputs.dependency_list import read_listed
from builder.inputs.local_dependencies import workspace_of
from builder.inputs.locks import poetry_lock, pylock, uv_lock
from builder.inputs.locks.entry import Entry, UnknownFormat
from builder.inputs.pyproject import parse_pyproject
from builder.spec.layer_spec import LayerSpec
from builder.spec.runtimes import Target
from builder.spec.toml_keys import table_in

if TYPE_CHECKING:
    from packaging.requirements import Requirement


@dataclass(frozen=True)
class Format:
    """What reads a lock file, and how the file is written again."""

    entries: Callable[[Mapping[str, Any]], list[Entry]]
    refresh: str


FORMATS: Mapping[str, Format] = {
    "pylock.toml": Format(pylock.entries, "write it again with the tool that wrote it"),
    "uv.lock": Format(uv_lock.entries, "run `uv lock`"),
    "poetry.lock": Format(poetry_lock.entries, "run `poetry lock`"),
}
"""By the names of the lock files; the first one that is there counts."""

LOCKS = tuple(FORMATS)

LOCKED = "locked.txt"
"""Where the bundle holds the lock, as pinned requirements."""


def lock_of(
    spec: LayerSpec, paths: Collection[str], workspace: PurePosixPath | None = None
) -> str | None:
    """Return the path of the lock file that counts for a layer's package, or None.

    ``workspace`` is the root of uv's workspace, which has the lock of all its members.
    """
    if spec.package is None:
        return None
    folder = PurePosixPath(spec.package)
    names = [(folder / name).as_posix() for name in LOCKS]
    if workspace is not None:
        names.append((workspace / "uv.lock").as_posix())
    return next((name for name in names if name in paths), None)


def locked_requirements(spec: LayerSpec, path: str, content: bytes, pyproject: bytes) -> bytes:
    """Return a lock as pinned requirements with hashes, which the worker keeps to.

    Raise SourceError when it cannot be read or no longer fits ``pyproject``.
    """
    wanted = parse_pyproject(pyproject, f"{spec.package}/pyproject.toml")
    try:
        return _locked(spec, path, read_toml(content), wanted)
    except (UnknownFormat, Malformed) as error:
        raise _error(path, str(error)) from error
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise _error(path, f"cannot be read: {error!r:.300}") from error


def _locked(
    spec: LayerSpec, path: str, document: Mapping[str, Any], pyproject: Mapping[str, Any]
) -> bytes:
    entries = FORMATS[PurePosixPath(path).name].entries(document)
    _check_fits(spec, path, entries, pyproject)
    lines = [f"# {path}"]
    for entry, marker in _chosen(spec, path, document, entries):
        if entry.url:
            lines.append(f"{entry.name} @ {entry.url}{marker}")
        elif entry.indexed:
            hashes = [f"    --hash={digest}" for digest in sorted(set(entry.hashes))]
            lines.append(" \\\n".join([f"{entry.name}=={entry.version}{marker}", *hashes]))
    return ("\n".join(lines) + "\n").encode()


def _chosen(
    spec: LayerSpec, path: str, document: Mapping[str, Any], entries: Iterable[Entry]
) -> Iterator[tuple[Entry, str]]:
    """Yield the entries for the layer's targets, with the marker that says for which ones."""
    needed: set[tuple[str, str]] | None = None
    if PurePosixPath(path).name == "uv.lock":
        place = PurePosixPath(str(spec.package)).relative_to(PurePosixPath(path).parent)
        needed = uv_lock.reachable(document.get("package", ()), spec.extras, place.as_posix())
    by_name: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=lambda e: (e.name, e.version)):
        by_name.setdefault(entry.name, []).append(entry)
    for name, several in by_name.items():
        if len(several) == 1:
            url_marker = f" ; {several[0].marker}" if several[0].url and several[0].marker else ""
            yield several[0], url_marker
            continue
        if needed is not None and any((e.name, e.version) in needed for e in several):
            several = [entry for entry in several if (entry.name, entry.version) in needed]
        yield from _one_a_target(spec, path, name, several)


def _one_a_target(
    spec: LayerSpec, path: str, name: str, several: Iterable[Entry]
) -> Iterator[tuple[Entry, str]]:
    by_target = {
        target: [entry for entry in several if _holds(spec, target, entry.marker)]
        for target in spec.targets
    }
    for target, found in by_target.items():
        if len(found) > 1:
            versions = " and ".join(entry.version for entry in found)
            raise _error(
                path, f"has {name} {versions} for {target} and does not say which one is meant"
            )
    for entry in several:
        targets = [target for target, found in by_target.items() if found == [entry]]
        if len(targets) == len(spec.targets):
            yield entry, ""
        elif targets:
            each = (f'python_version == "{target.python}"' for target in targets)
            yield entry, f" ; {' or '.join(each)}"


def read_locked(spec: LayerSpec, root: Path, paths: Collection[str]) -> bytes | None:
    """Return the pinned requirements of the layer's lock file, or None when it has none."""
    workspace = workspace_of(root, PurePosixPath(spec.package or "."))
    path = lock_of(spec, paths, workspace.root if workspace else None)
    if path is None:
        return None
    pyproject = root / str(spec.package) / "pyproject.toml"
    present = read_listed(spec, root, paths)
    if present is None:
        present = pyproject.read_bytes() if pyproject.is_file() else b""
    return locked_requirements(spec, path, (root / path).read_bytes(), present)


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
    # Only here: a plan of layers without a lock does not wait for its imports.
    from packaging.requirements import InvalidRequirement, Requirement

    project = table_in(pyproject, "project")
    extras = {canonicalize_name(extra) for extra in spec.extras}
    lines = list(project.get("dependencies", []))
    for name, more in project.get("optional-dependencies", {}).items():
        lines += more if canonicalize_name(name) in extras else []
    try:
        found = [Requirement(line) for line in lines]
    except InvalidRequirement:
        return []  # its build backend will say it better
    own = canonicalize_name(str(project.get("name", "")))
    return [r for r in found if canonicalize_name(r.name) != own and _applies(spec, r)]


def _applies(spec: LayerSpec, requirement: Requirement) -> bool:
    return any(_holds(spec, t, str(requirement.marker or "")) for t in spec.targets)


def _holds(spec: LayerSpec, target: Target, marker: str) -> bool:
    """Whether a marker holds for a target, with any of the layer's extras."""
    if not marker:
        return True
    from packaging.markers import Marker  # as above

    environment = {
        "python_version": target.python,
        "python_full_version": f"{target.python}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "platform_machine": "aarch64" if target.architecture == "arm64" else "x86_64",
    }
    return any(
        Marker(marker).evaluate({**environment, "extra": extra}) for extra in ("", *spec.extras)
    )


def _error(path: str, problem: str) -> SourceError:
    name = PurePosixPath(path).name
    return SourceError(
        f"{name} {problem}",
        where=path,
        expected="a lock that fits the pyproject.toml beside it",
        fix=f"{FORMATS[name].refresh}, or delete it",
    )
