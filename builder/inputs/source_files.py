"""Which files are the input of a layer."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from builder.errors import SourceError
from builder.inputs.ignore import GitIgnores, Ignores
from builder.inputs.locks.project_lock import read_locked
from builder.inputs.requirements_files import DISTRIBUTIONS, requirement_references
from builder.spec.layer_spec import LayerSpec
from builder.spec.url_logins import login_in


@dataclass(frozen=True, order=True)
class SourceFile:
    """One input file: POSIX ``path`` below the root, SHA-256 of its bytes, and the exec bit."""

    path: str
    digest: str
    executable: bool


def source_files(spec: LayerSpec, root: Path) -> tuple[SourceFile, ...]:
    """Return every file that the layer is built from, sorted by path.

    Git's ignore files between the file and the repository's top (or ``root``) apply, and so do the
    spec's ``exclude`` patterns, relative to the package. What the machine adds (time stamps, umask,
    owner, global ignore files) has no influence. Raise SourceError for a missing path, a link that
    leaves the project, or a file that cannot be read.
    """
    selection = _Selection(root, spec)
    if spec.package is not None:
        selection.add_tree(PurePosixPath(spec.package))
    for requirements in spec.requirements:
        selection.add_requirements(PurePosixPath(requirements))
    if spec.pre_install is not None:
        selection.add_file(PurePosixPath(spec.pre_install), "the script that pre_install names")
    read_locked(spec, root, selection.paths)  # a lock that does not fit is refused at plan
    return tuple(_describe(root, path) for path in sorted(selection.paths))


def read_file(root: Path, file: SourceFile) -> bytes:
    """Return the bytes of an input file; raise SourceError if they are no longer the same."""
    content = _read(root, file.path)
    if hashlib.sha256(content).hexdigest() != file.digest:
        raise SourceError(
            f"{file.path} changed while the layer was being bundled",
            where=str(root / file.path),
            expected="sources that stand still during a build",
            fix="run it again",
        )
    return content


class _Selection:
    """Gathers paths, relative to the root, that belong to a layer."""

    def __init__(self, root: Path, spec: LayerSpec) -> None:
        self.root = root
        self.where = spec.where or f"layer {spec.name!r}"
        self.exclude = spec.exclude
        self.paths: set[str] = set()
        self._git = GitIgnores(root)
        self._trees: set[PurePosixPath] = set()
        self._requirements: set[PurePosixPath] = set()

    def add_tree(self, tree: PurePosixPath) -> None:
        """Add the files of a package folder."""
        if tree in self._trees:
            return
        self._trees.add(tree)
        folder = self.root / tree
        if not folder.is_dir():
            raise self._missing(str(tree), "a folder")
        self._inside(folder, str(tree))
        for path in self._walk(folder, Ignores(folder, self.exclude, self._git)):
            self.paths.add(path.relative_to(self.root).as_posix())
        if (folder / "pyproject.toml").is_file():
            self._check_credentials(tree / "pyproject.toml")

    def add_requirements(self, file: PurePosixPath) -> None:
        """Add a requirements file, the files it includes and the local projects it names."""
        if file in self._requirements:
            return
        self._requirements.add(file)
        self.add_file(file, "a requirements file")
        self._check_credentials(file)
        for reference in requirement_references(
            _read(self.root, str(file)).decode("utf-8", "replace")
        ):
            self._add_reference(file, self._resolve(file, reference))

    def _check_credentials(self, file: PurePosixPath) -> None:
        host = login_in(_read(self.root, str(file)).decode("utf-8", "replace"))
        if host:
            raise SourceError(
                f"{file} has a password for {host} in a URL",
                where=f"{self.where}: {self.root / file}",
                expected="URLs without credentials: the file is part of the bundle",
                fix="take it out, describe the index under [indexes.NAME] with a secret, and name "
                "it in the layer's indexes",
            )

    def _add_reference(self, file: PurePosixPath, target: PurePosixPath) -> None:
        if (self.root / target).is_dir():
            self.add_tree(target)
        elif target.name.endswith(DISTRIBUTIONS):
            self.add_file(target, f"the distribution that {file} names")
        elif (self.root / target).is_file():
            self.add_requirements(target)
        else:
            raise self._missing(str(target), f"the file or folder that {file} names")

    def add_file(self, file: PurePosixPath, expected: str) -> None:
        """Add one file, whatever is excluded."""
        if not (self.root / file).is_file():
            raise self._missing(str(file), expected)
        self._inside(self.root / file, str(file))
        self.paths.add(file.as_posix())

    def _resolve(self, file: PurePosixPath, reference: str) -> PurePosixPath:
        # Not Path.resolve(): links would be followed, and the machine's paths come in.
        target = PurePosixPath(os.path.normpath(file.parent / reference))
        if target.is_absolute() or ".." in target.parts:
            raise SourceError(
                f"{reference!r} is outside the project",
                where=f"{self.root / file}",
                expected=f"files below {self.root}, which is all that CodeBuild gets",
                fix="move it into the project, or publish it to an index",
            )
        return target

    def _walk(self, folder: Path, ignores: Ignores) -> Iterator[Path]:
        for entry in _entries(folder, self.root):
            path = Path(entry.path)
            if ignores.leave_out(path):
                continue
            if entry.is_dir(follow_symlinks=False):
                if not (path / "pyvenv.cfg").exists():
                    yield from self._walk(path, ignores)
                continue
            name = path.relative_to(self.root).as_posix()
            if entry.is_symlink():
                self._check_link(path, name)
            elif not entry.is_file():
                continue  # sockets and pipes are nobody's source
            self._check_name(name)
            yield path

    def _check_link(self, path: Path, name: str) -> None:
        self._inside(path, name)
        if path.is_dir():
            raise SourceError(
                f"{name} is a link to a folder",
                where=f"{self.where}: {path}",
                expected="folders, files, and links to files of the project",
                fix="copy the folder, or exclude the link",
            )
        if not path.is_file():
            raise self._missing(name, "the file that the link names")

    def _inside(self, path: Path, name: str) -> None:
        # Not Path.resolve(), which fails on links in a circle before Python 3.13.
        real = os.path.realpath(path)
        if not Path(real).is_relative_to(os.path.realpath(self.root)):
            raise SourceError(
                f"{name} leads out of the project",
                where=f"{self.where}: {path} -> {real}",
                expected=f"links that stay below {self.root}",
                fix="copy the file into the project, or exclude the link",
            )

    def _check_name(self, name: str) -> None:
        try:
            name.encode("utf-8")
        except UnicodeEncodeError as error:
            raise SourceError(
                f"the file name {name!r} is not UTF-8",
                where=self.where,
                expected="file names that every machine reads alike",
                fix="rename or exclude the file",
            ) from error

    def _missing(self, name: str, expected: str) -> SourceError:
        return SourceError(
            f"there is no {name!r}",
            where=f"{self.where} (looked in {self.root})",
            expected=expected,
            fix="mend the path in the spec, or pass the right project folder",
        )


def _entries(folder: Path, root: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise _unreadable(folder.relative_to(root).as_posix(), root, error) from error


def _describe(root: Path, path: str) -> SourceFile:
    digest = hashlib.sha256(_read(root, path)).hexdigest()
    return SourceFile(path, digest, bool((root / path).stat().st_mode & 0o100))


def _read(root: Path, path: str) -> bytes:
    try:
        return (root / path).read_bytes()
    except OSError as error:
        raise _unreadable(path, root, error) from error


def _unreadable(path: str, root: Path, error: OSError) -> SourceError:
    return SourceError(
        f"{path} cannot be read: {error.strerror}",
        where=str(root / path),
        expected="files and folders that you may read",
        fix="give yourself the right to read it, or exclude it",
    )


def total_size(root: Path, files: Iterable[SourceFile]) -> int:
    """Return the size of the files in bytes."""
    return sum((root / file.path).stat().st_size for file in files)
