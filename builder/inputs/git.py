"""What git lists: tracked files, whatever its ignore rules say, and new ones that are not ignored.

Git itself is asked, one process a repository: ignore files say nothing about files that are tracked
already (gitignore(5)), and which ones are is known to the repository alone.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from builder.errors import SourceError

KEPT = (
    *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH"),
    *("GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"),
)
"""Beginnings of the variables that say how git is set up on this machine. All others of git's say
which repository or index is meant, and inside a hook of git that is another one than ours."""

LISTED = ("--cached", "--others", "--exclude-standard", "-v", "--stage")
IGNORED = ("--others", "--ignored", "--exclude-standard", "--directory")

SUBMODULE = "160000"
"""The mode of a submodule in git's index (git's documentation of the index format)."""


@dataclass(frozen=True)
class Listed:
    """One path that git lists, relative to the folder that was asked for.

    ``repository`` says that it is a repository of its own: a submodule, or a clone inside. Of what
    is ``not_checked_out`` git does not expect a file (sparse checkout, assume-unchanged).
    """

    path: str
    tracked: bool
    repository: bool = False
    not_checked_out: bool = False


MARKS = ("HEAD", "objects", "refs")
"""What a repository's folder has at least (gitrepository-layout(5)); git ignores any other."""


def repository_of(folder: Path) -> Path | None:
    """Return the top of the working tree that holds a folder (a real path), or None."""
    for place in (folder, *folder.parents):
        mark = place / ".git"
        if mark.is_file() or all((mark / part).exists() for part in MARKS):
            return place
    return None


class Listing:
    """What git lists below some folders (real paths), asked once for each repository."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._tops = {folder: repository_of(folder) for folder in folders}
        asked: dict[Path, list[str]] = {}
        for folder, top in self._tops.items():
            if top is not None:
                asked.setdefault(top, []).append(folder.relative_to(top).as_posix())
        self._listed = {top: _listed(top, below) for top, below in asked.items()}

    def below(self, folder: Path) -> list[Listed] | None:
        """Return what is listed below one of the folders, or None where git has no say.

        That is so outside of a repository, and where git ignores the folder as a whole.
        """
        top = self._tops[folder]
        if top is None:
            return None
        prefix = _prefix(folder, top)
        found = [
            Listed(path, entry.tracked, entry.repository, entry.not_checked_out)
            for entry in self._listed[top]
            if entry.path.startswith(prefix) and (path := entry.path[len(prefix) :])
        ]
        return found or None


def ignored_below(folder: Path) -> list[str]:
    """Return what git ignores below a folder, relative to it; a folder as a whole ends in ``/``."""
    top = repository_of(folder)
    if top is None:
        return []
    prefix = _prefix(folder, top)
    return [
        path[len(prefix) :]
        for path in _ls_files(top, IGNORED, [folder.relative_to(top).as_posix()])
        if path.startswith(prefix) and path != prefix
    ]


def _prefix(folder: Path, top: Path) -> str:
    return "" if folder == top else f"{folder.relative_to(top).as_posix()}/"


def _listed(top: Path, below: Sequence[str]) -> list[Listed]:
    # A file of a merge that is not finished is listed once for each side.
    found = (_parse(entry) for entry in _ls_files(top, LISTED, below))
    return list({entry.path: entry for entry in found}.values())


def _parse(text: str) -> Listed:
    tag, rest = text[0], text[2:]
    if tag == "?":
        return Listed(rest.rstrip("/"), tracked=False, repository=rest.endswith("/"))
    words, _, path = rest.partition("\t")
    # Lower case: assume-unchanged; s: skip-worktree, as a sparse checkout has it (git ls-files -v).
    return Listed(path, True, words.startswith(SUBMODULE), tag.islower() or tag == "S")


def _ls_files(top: Path, options: Sequence[str], below: Sequence[str]) -> Iterator[str]:
    command = ["git", "-c", "core.fsmonitor=false", "ls-files", "-z", *options, "--", *below]
    try:
        done = subprocess.run(
            command, cwd=top, env=_environment(top), capture_output=True, check=False
        )
    except OSError as error:
        raise SourceError(
            f"git cannot be run ({error.strerror}), and the project is in a git repository",
            where=str(top),
            expected="git on the PATH: it alone knows which files are tracked",
            fix="install git, or plan from an export of the commit (git archive), which has no "
            ".git and is taken as it is",
        ) from error
    if done.returncode:
        raise _refused(top, os.fsdecode(done.stderr).strip())
    return (os.fsdecode(entry) for entry in done.stdout.split(b"\0") if entry)


def _environment(top: Path) -> Mapping[str, str]:
    ours = {
        # No other repository, further up, when this one cannot be used.
        "GIT_CEILING_DIRECTORIES": str(top.parent),
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C",
    }
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(KEPT)
    }
    return {**kept, **ours}


def _refused(top: Path, said: str) -> SourceError:
    if "dubious ownership" in said or "unsafe repository" in said:
        return SourceError(
            "git does not read this repository, because it belongs to another user",
            where=str(top),
            expected="a repository that git trusts: which files are tracked decides what is built",
            fix=f"git config --global --add safe.directory {top}",
        )
    return SourceError(
        "git cannot list the project's files",
        where=f"{top}\n{said}",
        expected="a repository that `git status` can read; a worktree or a submodule needs the "
        "repository that its .git names",
        fix="make `git status` work there, or plan from an export of the commit (git archive)",
    )
