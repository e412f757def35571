"""What is left out of a folder: by nature, by the spec's patterns, and by git's ignore files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pathspec import GitIgnoreSpec

NEVER_INPUT = GitIgnoreSpec.from_lines(
    """
    .git
    .hg/
    .svn/
    __pycache__/
    *.py[cod]
    *.egg-info/
    .venv/
    venv/
    .tox/
    .nox/
    .*_cache/
    .hypothesis/
    .coverage
    htmlcov/
    /build/
    /dist/
    node_modules/
    cdktf.out/
    .terraform/
    /layers.toml
    *.tfstate
    *.tfstate.*
    .DS_Store
    Thumbs.db
    desktop.ini
    .idea/
    .vscode/
    .*.sw[a-p]
    *~
    .#*
    \\#*#
    """.replace("    ", "").splitlines()
)
"""What never is an input: version control, caches, build output, what editors leave behind, and the
description of the layers, of which the spec holds what matters."""


class GitIgnores:
    """The ignore files of the repository that holds a project, or of the project alone.

    Ignore lists of the machine and of one clone (.git/info/exclude) have no say.
    """

    def __init__(self, root: Path) -> None:
        self._specs: dict[Path, GitIgnoreSpec | None] = {}
        self.top = _repository_top(root)
        if self.ignored(root, self.top):
            # A copy inside a repository that ignores it reads as it would anywhere else.
            self.top = root

    def ignored(self, path: Path, top: Path) -> bool:
        """Say what git would: the ignore file nearest to the path, up to ``top``, decides."""
        if path == top:
            return False
        is_folder = path.is_dir() and not path.is_symlink()
        for folder in path.parents:
            spec = self._spec(folder)
            if spec is not None:
                name = path.relative_to(folder).as_posix() + ("/" if is_folder else "")
                verdict = spec.check_file(name).include
                if verdict is not None:
                    return verdict
            if folder == top:
                break
        return False

    def _spec(self, folder: Path) -> GitIgnoreSpec | None:
        if folder not in self._specs:
            file = folder / ".gitignore"
            lines = file.read_text("utf-8", "replace").splitlines() if file.is_file() else []
            self._specs[folder] = GitIgnoreSpec.from_lines(lines) if lines else None
        return self._specs[folder]


class Ignores:
    """Decides what is left out of one package folder."""

    def __init__(self, tree: Path, exclude: Iterable[str], git: GitIgnores) -> None:
        self._tree = tree
        self._exclude = GitIgnoreSpec.from_lines(exclude)
        self._git = git
        # A package that git ignores as a whole was named on purpose: generated code, say.
        self._top = tree if git.ignored(tree, git.top) else git.top

    def leave_out(self, path: Path) -> bool:
        """Say whether a file or folder, whose parents are in, is left out."""
        # A link to a folder is a file to git; to people who link their .venv it is a folder.
        name = path.relative_to(self._tree).as_posix() + ("/" if path.is_dir() else "")
        if NEVER_INPUT.match_file(name) or self._exclude.match_file(name):
            return True
        return self._git.ignored(path, self._top)


def _repository_top(root: Path) -> Path:
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            return folder
    return root
