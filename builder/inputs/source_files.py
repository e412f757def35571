"""Which files are the input of a layer."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from builder.errors import SourceError
from builder.inputs.dependency_list import only_lists, read_listed
from builder.inputs.digests import Digests, digests_of, of_many
from builder.inputs.git import Listing
from builder.inputs.ignore import Exclude, Reason
from builder.inputs.local_dependencies import local_dependencies, workspace_of
from builder.inputs.locks.project_lock import LOCKS, read_locked
from builder.inputs.package_tree import Tree
from builder.inputs.pyproject import read_pyproject
from builder.inputs.reading import read_content, read_input, unreadable
from builder.inputs.requirements_files import DISTRIBUTIONS, Reference, requirement_references
from builder.spec.dependency_lists import PROJECT_FILES, is_declared
from builder.spec.layer_spec import LayerSpec
from builder.spec.url_logins import login_in, variable_in
from builder.worker.resolve.requirements_text import decode

log = logging.getLogger(__name__)

INSTALLERS = re.compile(
    r"pyproject\.toml|uv\.toml|setup\.cfg|pip\.(?:conf|ini)|poetry\.toml|\.?pdm\.toml|hatch\.toml"
    r"|tox\.ini|Pipfile(?:\.lock)?|(?:uv|poetry|pdm)\.lock|pylock(?:\.[\w-]+)?\.toml"
    r"|[\w.-]*(?:requirements|constraints)[\w.-]*\.(?:txt|in)|environment\.ya?ml"
)
"""Files that say where installers find packages."""

FEW_FILES, FEW_BYTES = 64, 1 << 20
"""What is read one file after the other: to start threads would take longer."""

NAMED = 20
"""How many paths that are left out a debug line names."""


@dataclass(frozen=True, order=True)
class SourceFile:
    """One input file: POSIX ``path`` below the root, SHA-256 of its bytes, and the exec bit."""

    path: str
    digest: str
    executable: bool


def source_files(spec: LayerSpec, root: Path) -> tuple[SourceFile, ...]:
    """Return every file that the layer is built from, sorted by path.

    In a git repository these are the tracked files of a package and the new ones that git does not
    ignore, elsewhere all files but what tools leave behind; the spec's ``exclude`` patterns,
    relative to the package, leave files out or take them back in. Raise SourceError for a missing
    path, a link that leaves the project, or a file that cannot be read.
    """
    selection = _Selection(root, spec)
    selection.add_inputs()
    selection.take_trees(ignored=log.isEnabledFor(logging.DEBUG))
    for reason in Reason:
        paths = [path for path, other in selection.left_out.items() if other is reason]
        log.debug("%s: %d left out, %s: %s", spec.name, len(paths), reason.value, paths[:NAMED])
    read_listed(spec, root, selection.paths)
    read_locked(spec, root, selection.paths)  # a lock that does not fit is refused at plan
    return _described(root, sorted(selection.paths), digests_of(root, spec.name))


def left_out(spec: LayerSpec, root: Path) -> Mapping[str, Reason]:
    """Return what of the packages' folders is no input, and why; folders end in ``/``."""
    selection = _Selection(root, spec)
    selection.add_inputs()
    selection.take_trees(ignored=True)
    return dict(sorted(selection.left_out.items()))


def read_file(root: Path, file: SourceFile) -> bytes:
    """Return the bytes of an input file; raise SourceError if they are no longer the same."""
    content = read_content(root, file.path)
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
        self.paths: set[str] = set()
        self.left_out: dict[str, Reason] = {}
        self._spec = spec
        self._exclude = Exclude(spec.exclude)
        self._trees: dict[PurePosixPath, Tree] = {}
        self._requirements: set[PurePosixPath] = set()

    def add_inputs(self) -> None:
        """Add all that the spec names, and what that names in turn."""
        spec = self._spec
        if spec.package is not None:
            self.add_package(PurePosixPath(spec.package))
        for requirements in spec.requirements:
            self.add_requirements(PurePosixPath(requirements))
        if spec.pre_install is not None:
            self.add_file(PurePosixPath(spec.pre_install), "the script that pre_install names")

    def add_package(self, folder: PurePosixPath) -> None:
        """Add the package's folder; of a list of dependencies only that and its locks."""
        if is_declared(read_pyproject(self.root, folder)):
            self._inside(self.root / folder, str(folder))
            self._add_list(folder)
            self._add_local(folder)
        else:
            self.add_tree(folder)

    def _add_list(self, folder: PurePosixPath) -> None:
        self.add_file(folder / "pyproject.toml", "a pyproject.toml")
        self._check_credentials(folder / "pyproject.toml")
        for name in LOCKS:
            if (self.root / folder / name).is_file():
                self.add_file(folder / name, "a lock file")

    def add_tree(self, tree: PurePosixPath) -> None:
        """Add a package folder."""
        if tree in self._trees:
            return
        folder = self.root / tree
        if not folder.is_dir():
            raise self._missing(str(tree), "a folder")
        self._inside(folder, str(tree))
        self._trees[tree] = Tree(Path(os.path.realpath(folder)), self._exclude, self.where)
        if (folder / "pyproject.toml").is_file():
            self._check_credentials(tree / "pyproject.toml")
            self._add_local(tree)

    def _add_local(self, folder: PurePosixPath) -> None:
        """Add what a pyproject.toml needs of the project, and its workspace's root and lock."""
        workspace = workspace_of(self.root, folder)
        if workspace is not None and workspace.root != folder:
            self.add_file(workspace.root / "pyproject.toml", "a pyproject.toml")
            self._check_credentials(workspace.root / "pyproject.toml")
            if (self.root / workspace.root / "uv.lock").is_file():
                self.add_file(workspace.root / "uv.lock", "a lock file")
        package = self._spec.package is not None and folder == PurePosixPath(self._spec.package)
        extras = self._spec.extras if package else None
        for local in local_dependencies(self.root, folder, extras):
            outside = local.path.is_absolute() or ".." in local.path.parts
            there = not outside and (self.root / local.path).exists()
            if not local.needed and not there:
                continue  # an extra's, which may not be wanted
            if outside:
                raise SourceError(
                    f"{local.named} is outside the project",
                    where=f"{self.root / folder / 'pyproject.toml'}: {local.path}",
                    expected=f"dependencies below {self.root}, which is all that CodeBuild gets",
                    fix="move it into the project, or publish it to an index",
                )
            self._add_reference(folder / "pyproject.toml", local.path)

    def take_trees(self, *, ignored: bool) -> None:
        """Add the files of all package folders; git is asked once for each repository."""
        listing = Listing(tree.folder for tree in self._trees.values())
        for place, tree in self._trees.items():
            found = tree.files(listing, ignored=ignored)
            if self._is_list(place, found):
                self._add_list(place)
                continue
            above = "" if place == PurePosixPath() else f"{place}/"
            for path in found:
                name = f"{above}{path}"
                self._check_name(name)
                if INSTALLERS.fullmatch(name.rpartition("/")[2]):
                    self._check_credentials(PurePosixPath(name), strict=False)
                if os.path.islink(f"{self.root}/{name}"):  # noqa: PTH114 - asked of every file
                    self._check_link(self.root / name, name)
                self.paths.add(name)
            for path, reason in tree.choice.left_out.items():
                # Not PurePosixPath, which drops the slash at the end.
                self.left_out[f"{above}{path}"] = reason

    def _is_list(self, place: PurePosixPath, found: Iterable[str]) -> bool:
        """Say whether it is the package's folder, and only lists dependencies."""
        if self._spec.package is None or place != PurePosixPath(self._spec.package):
            return False
        return only_lists(self.root, place, [(place / path).as_posix() for path in found])

    def add_requirements(self, file: PurePosixPath) -> None:
        """Add a requirements file, the files it includes and the local projects it names."""
        if file in self._requirements:
            return
        self._requirements.add(file)
        self.add_file(file, "a requirements file")
        self._check_credentials(file)
        text = self._text(file)
        self._check_variables(file, text)
        for reference in requirement_references(text):
            target = self._resolve(file, reference)
            if not reference.links:
                self._check_project(file, target)
            self._add_reference(file, target)

    def _check_credentials(self, file: PurePosixPath, *, strict: bool = True) -> None:
        text = (
            self._text(file)
            if strict
            else read_content(self.root, str(file)).decode("utf-8", "replace")
        )
        host = login_in(text)
        if host:
            raise SourceError(
                f"{file} has a password for {host} in a URL",
                where=f"{self.where}: {self.root / file}",
                expected="URLs without credentials: the file is part of the bundle",
                fix="take it out, describe the index under [indexes.NAME] with a secret, and name "
                "it in the layer's indexes",
            )

    def _check_variables(self, file: PurePosixPath, text: str) -> None:
        for number, line in enumerate(text.splitlines(), start=1):
            variable = variable_in(re.sub(r"(^|\s)#.*$", "", line))
            if variable:
                raise SourceError(
                    f"{file} names the variable {variable}",
                    where=f"{self.where}: {self.root / file}, line {number}",
                    expected="whole URLs and paths: pip and uv would write the value that the "
                    "build's environment has into what is built, and into logs",
                    fix="write what stands for it; for a login describe the index under "
                    "[indexes.NAME]",
                )

    def _text(self, file: PurePosixPath) -> str:
        try:
            return decode(read_content(self.root, str(file)))
        except ValueError as error:
            raise SourceError(
                f"{file} cannot be decoded: {error}",
                where=f"{self.where}: {self.root / file}",
                expected="UTF-8, or another encoding that its byte order mark or first lines name",
                fix="save it as UTF-8",
            ) from error

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

    def _resolve(self, file: PurePosixPath, reference: Reference) -> PurePosixPath:
        from_file = PurePosixPath(os.path.normpath(file.parent / reference.path))
        from_root = PurePosixPath(os.path.normpath(reference.path))
        there = reference.links and (self.root / from_file).exists()
        # Not Path.resolve(): links would be followed, and the machine's paths come in.
        target = from_file if reference.beside or there else from_root
        if not reference.beside and target != from_file and not (self.root / target).exists():
            self._check_base(file, reference, from_file)
        here = self.root.absolute()
        if target.is_absolute() and target.is_relative_to(here):
            raise SourceError(
                f"{reference.path!r} is an absolute path",
                where=f"{self.root / file}",
                expected="a path that is the same on every machine",
                fix=f"write ./{target.relative_to(here)}",
            )
        if reference.frozen and target.is_absolute():
            raise SourceError(
                f"{reference.path!r} is a file of the machine where this was frozen",
                where=f"{self.root / file}: {reference.frozen} @ file://{reference.path}",
                expected="versions, which every machine can install",
                fix=f"write {reference.frozen}=={reference.version or 'VERSION'}",
            )
        if target.is_absolute() or ".." in target.parts:
            raise SourceError(
                f"{reference.path!r} is outside the project",
                where=f"{self.root / file}",
                expected=f"files below {self.root}, which is all that CodeBuild gets",
                fix="move it into the project, or publish it to an index",
            )
        return target

    def _check_base(
        self, file: PurePosixPath, reference: Reference, from_file: PurePosixPath
    ) -> None:
        """Name the right way to write a path that is there only as seen from its file."""
        inside = not from_file.is_absolute() and ".." not in from_file.parts
        if inside and (self.root / from_file).exists():
            raise SourceError(
                f"there is no {reference.path!r} in the project's root",
                where=f"{self.where}: {self.root / file}",
                expected="packages by their path from the project's root, where pip and uv look "
                "for them when they are started there, whatever file names them",
                fix=f"write ./{from_file}",
            )

    def _check_project(self, file: PurePosixPath, target: PurePosixPath) -> None:
        """Refuse a folder that neither pip nor uv installs."""
        folder = self.root / target
        if folder.is_dir() and not any((folder / name).is_file() for name in PROJECT_FILES):
            raise SourceError(
                f"{str(target)!r} has no pyproject.toml and no setup.py",
                where=f"{self.where}: {self.root / file}",
                expected="folders that pip can install",
                fix=f"write a {target}/pyproject.toml with [project] name and version",
            )

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
            fix="correct the path in the spec, or pass the right project folder",
        )


def _described(root: Path, paths: Iterable[str], known: Digests) -> tuple[SourceFile, ...]:
    """Return the files with their digests; of many several are read at once, those that changed."""

    def digest(path: str, status: os.stat_result) -> str:
        try:
            file = os.path.join(root, path)  # noqa: PTH118 - a quarter of the time of a Path
            return known.read(path, file, status, lambda: read_input(root, path))
        except OSError as error:
            raise unreadable(path, root, error) from error

    found: dict[str, os.stat_result] = {}
    for path in paths:
        try:
            found[path] = os.stat(os.path.join(root, path))  # noqa: PTH116, PTH118 - half of Path.stat
        except OSError as error:
            raise unreadable(path, root, error) from error
    digests = {path: known.find(path, status) for path, status in found.items()}
    new = {path: status for path, status in found.items() if digests[path] is None}
    if len(new) <= FEW_FILES and sum(status.st_size for status in new.values()) <= FEW_BYTES:
        digests |= {path: digest(path, status) for path, status in new.items()}
    else:
        digests |= of_many(lambda path: digest(path, new[path]), list(new))
    known.keep()
    return tuple(
        SourceFile(path, str(digests[path]), bool(status.st_mode & 0o100))
        for path, status in found.items()
    )
