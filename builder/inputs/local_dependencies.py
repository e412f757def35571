"""Which folders and files of the project a pyproject.toml names as dependencies.

(uv's documentation, "Managing dependencies" and "Using workspaces"; Poetry's, "Path dependencies";
hatch's, "Context formatting"; PDM's, "Relative path".)
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from packaging.utils import canonicalize_name

from builder.errors import SourceError
from builder.inputs.pyproject import read_pyproject
from builder.spec.toml_keys import table_in
from builder.spec.url_logins import variable_in

NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
ROOT = re.compile(r"@\s*(?:\{root((?::parent)*):uri\}|file:///\$\{PROJECT_ROOT\})([^\s;]*)")
"""How hatch and PDM write a path that begins at the package's folder."""


@dataclass(frozen=True)
class Local:
    """A dependency in the project: a folder, a wheel or an sdist, by its path from the root.

    ``needed`` if the package cannot be built without it, else only some extra needs it.
    """

    path: PurePosixPath
    named: str
    needed: bool


@dataclass(frozen=True)
class Workspace:
    """A workspace of uv: its root's folder, and its members' by name."""

    root: PurePosixPath
    members: Mapping[str, PurePosixPath]
    sources: Mapping[str, Any]


def local_dependencies(
    root: Path, folder: PurePosixPath, extras: Collection[str] | None = None
) -> Iterator[Local]:
    """Yield what a folder's pyproject.toml needs of the project.

    ``extras`` are those that are chosen; None stands for all, and then what they need may be
    missing. Raise SourceError for what is not TOML.
    """
    document = read_pyproject(root, folder)
    found = workspace_of(root, folder)
    own = table_in(document, "tool", "uv", "sources")
    sources = {canonicalize_name(k): (folder, v) for k, v in own.items()}
    if found is not None:
        for name, value in found.sources.items():
            sources.setdefault(canonicalize_name(name), (found.root, value))
    for line, needed in _wanted(document, extras, list(own)):
        if needed:
            _check_address(folder, line)
        yield from _of_line(folder, line, needed)
        matched = NAME.match(line)
        if not matched or "@" in line.split(";")[0]:
            continue
        base, value = sources.get(canonicalize_name(matched[0]), (folder, None))
        for source in value if isinstance(value, list) else [value]:
            yield from _of_source(base, matched[0], source, found, needed)
    yield from _of_poetry(document, folder, extras)


def _check_address(folder: PurePosixPath, line: str) -> None:
    """Refuse what another machine has not: its files, and variables of its environment."""
    address = "" if ROOT.search(line) else line.partition(";")[0].partition("@")[2].strip()
    variable = variable_in(address)
    if variable or address.lower().startswith("file:"):
        raise SourceError(
            f"{line!r} names {f'the variable {variable}' if variable else 'a file of one machine'}",
            where=(folder / "pyproject.toml").as_posix(),
            expected="requirements that CodeBuild can install, too",
            fix="write the whole URL; for a folder of the project use [tool.uv.sources]",
        )


def _of_poetry(
    document: Mapping[str, Any], folder: PurePosixPath, extras: Collection[str] | None
) -> Iterator[Local]:
    poetry = table_in(document, "tool", "poetry", "dependencies")
    chosen = _poetry_extras(document, extras)
    for name, value in poetry.items():
        for table in value if isinstance(value, list) else [value]:
            if not isinstance(table, dict) or not isinstance(table.get("path"), str):
                continue
            optional = bool(table.get("optional"))
            if not optional or chosen is None or canonicalize_name(name) in chosen:
                yield Local(_join(folder, table["path"]), name, not optional or chosen is not None)


def folders_of_others(root: Path, folder: PurePosixPath) -> set[PurePosixPath]:
    """Return the folders of other packages that a folder's pyproject.toml knows of."""
    found = {local.path for local in local_dependencies(root, folder)}
    workspace = workspace_of(root, folder)
    if workspace is not None:
        found |= set(workspace.members.values())
    return {path for path in found if not folder.is_relative_to(path)}


def workspace_of(root: Path, folder: PurePosixPath) -> Workspace | None:
    """Return the workspace that a folder of the project is part of, None without one."""
    for place in (folder, *folder.parents):
        document = read_pyproject(root, place)
        table = table_in(document, "tool", "uv").get("workspace")
        if not isinstance(table, dict):
            continue
        members = _members(root, place, table)
        if folder == place or folder in members.values():
            return Workspace(place, members, table_in(document, "tool", "uv", "sources"))
        return None
    return None


def _members(
    root: Path, place: PurePosixPath, table: Mapping[str, Any]
) -> dict[str, PurePosixPath]:
    excluded = [str(pattern) for pattern in table.get("exclude", ())]
    members: dict[str, PurePosixPath] = {}
    folders = [root / place]
    for pattern in table.get("members", ()):
        folders += sorted(_found(root / place, str(pattern)))
    left_out = {path for pattern in excluded for path in _found(root / place, pattern)}
    for path in folders:
        if path in left_out or not (path / "pyproject.toml").is_file():
            continue
        folder = PurePosixPath(path.relative_to(root).as_posix())
        name = table_in(read_pyproject(root, folder), "project").get("name")
        if isinstance(name, str):
            members[canonicalize_name(name)] = folder
    return members


def _found(folder: Path, pattern: str) -> list[Path]:
    clean = os.path.normpath(pattern)
    # Path.glob() takes no absolute pattern, and what is outside is no part of the project.
    if clean.startswith(("/", "..")) or clean == ".":
        return []
    try:
        return list(folder.glob(clean))
    except (ValueError, OSError):  # such as `a**` before Python 3.13, or a NUL
        raise SourceError(
            f"{pattern!r} is no pattern for members of a workspace",
            where=f"{folder / 'pyproject.toml'}, [tool.uv.workspace]",
            expected="a glob such as packages/*",
            fix="correct it",
        ) from None


def _wanted(
    document: Mapping[str, Any], extras: Collection[str] | None, sources: Collection[str]
) -> Iterator[tuple[str, bool]]:
    """Yield the requirements that count, each with whether it is always needed."""
    project = table_in(document, "project")
    chosen = None if extras is None else {canonicalize_name(extra) for extra in extras}
    for line in [*_texts(project, "dependencies"), *_texts(document, "build-system", "requires")]:
        yield line, True
    optional = table_in(project, "optional-dependencies")
    for extra in optional:
        if chosen is None or canonicalize_name(extra) in chosen:
            for line in _texts(optional, extra):
                yield line, chosen is not None
    if "dependencies" in project.get("dynamic", ()):
        # Only its build backend knows them.
        yield from ((name, False) for name in sources)


def _texts(document: Mapping[str, Any], *names: str) -> list[str]:
    found = table_in(document, *names[:-1]).get(names[-1])
    return [line for line in found if isinstance(line, str)] if isinstance(found, list) else []


def _of_line(folder: PurePosixPath, line: str, needed: bool) -> Iterator[Local]:
    found = ROOT.search(line)
    if found:
        up = "../" * (found[1] or "").count(":parent")
        path = unquote(re.split(r"[#?]", found[2])[0]).lstrip("/")
        yield Local(_join(folder, up + path), line.split("@")[0].strip(), needed)


def _of_source(
    base: PurePosixPath, name: str, source: Any, found: Workspace | None, needed: bool
) -> Iterator[Local]:
    if not isinstance(source, dict):
        return
    if isinstance(source.get("path"), str):
        yield Local(_join(base, source["path"]), name, needed)
    elif source.get("workspace") is True and found is not None:
        member = found.members.get(canonicalize_name(name))
        if member is not None:
            yield Local(member, name, needed)


def _poetry_extras(
    document: Mapping[str, Any], extras: Collection[str] | None
) -> Collection[str] | None:
    if extras is None:
        return None
    chosen = {canonicalize_name(extra) for extra in extras}
    groups = table_in(document, "tool", "poetry", "extras")
    return {
        canonicalize_name(name)
        for extra in groups
        if canonicalize_name(extra) in chosen
        for name in _texts(groups, extra)
    }


def _join(base: PurePosixPath, path: str) -> PurePosixPath:
    """Return a path from the root; one that leaves the root is absolute or begins with ``..``."""
    # Not Path.resolve(): links would be followed, and the machine's paths come in.
    return PurePosixPath(os.path.normpath(base / path))
