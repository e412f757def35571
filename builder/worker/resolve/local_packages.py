"""The project's own packages, source folders and archives: each becomes a wheel once."""

from __future__ import annotations

from pathlib import Path

from ..errors import BuildError
from . import wheels
from .uv import Uv
from .wheels import ProjectWheel

ARCHIVES = (".whl", ".tar.gz", ".zip")


class Own:
    """The project's own packages, each built into a wheel once, unless it is one."""

    def __init__(self, uv: Uv, project: Path, out: Path) -> None:
        self.uv = uv
        self.wheels: list[ProjectWheel] = []
        self._project = project
        self._out = out
        self._built: dict[Path, ProjectWheel] = {}
        self._lists: list[Path] = []
        self.root_first = True

    def wheel(self, folder: str) -> ProjectWheel:
        """Return the wheel of a folder, as uv or the request names it."""
        path = self._find(folder)
        if path not in self._built:
            shown = path.relative_to(self._project.resolve()).as_posix()
            # A folder for each wheel: two packages of one name must not replace each other.
            out = self._out / str(len(self._built))
            self._built[path] = (
                wheels.read(path, shown)
                if path.suffix == ".whl"
                else wheels.build(self.uv, path, shown, out)
            )
            self.wheels.append(self._built[path])
            gone = wheels.left_out(path, self._built[path].path) if path.is_dir() else []
            if gone:
                self.uv.log.note(
                    f"{shown} has no [build-system], and setuptools left out {', '.join(gone)}: if "
                    "the layer needs them, name what belongs to it under [tool.setuptools]"
                )
        return self._built[path]

    def named_in(self, folder: Path) -> None:
        """Look for folders from one whose pyproject.toml names them, and is no package."""
        self._lists.append(folder.resolve())

    def _find(self, folder: str) -> Path:
        """Find what uv names relative to whatever file or package named it."""
        # Requirements files name folders from the root, and packages from where they are.
        named = [*self._lists, *self._built]
        bases = [self._project, *named] if self.root_first else [*named, self._project]
        for base in bases:
            path = (base / folder.replace("file://", "")).resolve()
            inside = self._project.resolve() in (path, *path.parents)
            if inside and (path.is_dir() or (path.is_file() and path.name.endswith(ARCHIVES))):
                return path
        raise BuildError(
            f"a local dependency is not in the bundle: {folder}",
            where="tool.uv.sources, or a path in the requirements",
            expected="a folder, a wheel or an sdist inside the project",
            fix="move it below the project's root, and name it from there: paths in requirements "
            "are seen from the project's root",
        )
