"""The files of a package folder: what git lists, or where git has no say, what is there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from builder.errors import SourceError
from builder.inputs.git import Listed, Listing, ignored_below
from builder.inputs.ignore import Choice, Exclude

SUBMODULE_PATH = re.compile(r"^[ \t]*path[ \t]*=(.+)$", re.MULTILINE)
"""Where a .gitmodules file says that a submodule is (gitmodules(5))."""


class Tree:
    """One package folder, at a real path.

    Where git has no say (an unpacked archive, say), all files are taken, whatever ignore files say:
    what is in the archive of a commit is tracked, and most of what is not there is rubbish.
    """

    def __init__(self, folder: Path, exclude: Exclude, where: str) -> None:
        self.choice = Choice(folder, exclude)
        self.folder = folder
        self._start = len(str(folder / "x")) - 1
        self._takes_back = exclude.takes_back
        self._where = where
        self._real: dict[Path, bool] = {folder: True}

    def files(self, listing: Listing, *, ignored: bool = False) -> set[str]:
        """Return the paths, relative to the folder, of what is not left out.

        With ``ignored``, ``choice.left_out`` then knows what git ignores, too. Raise SourceError
        for what is tracked and not checked out.
        """
        listed = listing.below(self.folder)
        if listed is None:
            self._check_submodules_are_there()
            return set(self._walk(self.folder))
        found = set(self._chosen(listed, self.folder))
        if ignored or self._takes_back:
            found |= set(self._taken_back(self.folder))
        return found

    def _chosen(self, listed: Iterable[Listed], base: Path) -> Iterator[str]:
        """Yield what is not left out of what git lists below a repository's folder."""
        for entry in listed:
            path = base / entry.path
            name = self._name(path)
            if entry.repository:
                if not self.choice.leaves_out_folder(name):
                    yield from self._repository(path, name)
            elif self.choice.leaves_out(name):
                continue
            elif self._is_there(path):
                yield name
            elif entry.not_checked_out:
                raise self._missing(
                    f"{name} is tracked, and not checked out",
                    "all files of the package: this is a sparse checkout",
                    "git sparse-checkout disable, or add the folder to it, or exclude the file",
                )

    def _repository(self, path: Path, name: str) -> Iterator[str]:
        """Yield the files of a repository inside, by its own rules."""
        if (path / ".git").exists():
            listed = Listing([path]).below(path)
            yield from self._chosen(listed, path) if listed else ()
            if self._takes_back:
                yield from self._taken_back(path)
            return
        inside = list(self._walk(path)) if path.is_dir() else []
        if not inside:
            raise self._submodule_missing(name)
        yield from inside

    def _taken_back(self, base: Path) -> Iterator[str]:
        """Yield what ``exclude`` takes back of what git ignores."""
        for entry in ignored_below(base):
            path = base / entry
            if not entry.endswith("/"):
                if not self.choice.leaves_out(self._name(path), ignored=True):
                    yield self._name(path)
            elif not self.choice.leaves_out_folder(self._name(path), ignored=True):
                yield from self._walk(path)

    def _walk(self, folder: Path) -> Iterator[str]:
        try:
            with os.scandir(folder) as entries:
                found = list(entries)
        except OSError as error:
            raise self._unreadable(folder, error) from error
        for entry in found:
            name = entry.path[self._start :].replace(os.sep, "/")
            if entry.is_dir(follow_symlinks=False):
                if not self.choice.leaves_out_folder(name):
                    yield from self._walk(Path(entry.path))
            elif not (entry.is_symlink() or entry.is_file()):
                continue  # sockets and pipes are no source
            elif not self.choice.leaves_out(name):
                yield name

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _is_there(self, path: Path) -> bool:
        """Say whether a path is a file or a link; one that is deleted, but tracked, is not."""
        return self._is_real(path.parent) and (path.is_symlink() or path.is_file())

    def _is_real(self, folder: Path) -> bool:
        """Say whether a folder is one, without a link on the way: git follows none."""
        if folder not in self._real:
            self._real[folder] = not folder.is_symlink() and self._is_real(folder.parent)
        return self._real[folder]

    def _check_submodules_are_there(self) -> None:
        """Refuse an archive without its submodules' files: git archive leaves them out."""
        for place in (self.folder, *self.folder.parents):
            modules = place / ".gitmodules"
            if not modules.is_file():
                continue
            for path in SUBMODULE_PATH.findall(modules.read_text("utf-8", "replace")):
                submodule = place / path.strip()
                if not submodule.is_relative_to(self.folder):
                    continue
                name = self._name(submodule)
                empty = submodule.is_dir() and not any(submodule.iterdir())
                if empty and not self.choice.leaves_out_folder(name):
                    raise self._submodule_missing(name)

    def _submodule_missing(self, name: str) -> SourceError:
        return self._missing(
            f"the submodule {name} is not checked out",
            "the files of the package's submodules",
            f"git submodule update --init {name}, or exclude it",
        )

    def _missing(self, what: str, expected: str, fix: str) -> SourceError:
        return SourceError(what, where=f"{self._where}: {self.folder}", expected=expected, fix=fix)

    def _unreadable(self, folder: Path, error: OSError) -> SourceError:
        return SourceError(
            f"{self._name(folder)} cannot be read: {error.strerror}",
            where=str(folder),
            expected="files and folders that you may read",
            fix="give yourself the right to read it, or exclude it",
        )
