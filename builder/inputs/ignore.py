"""What is left out of a package's folder, whatever git says: rubbish, and the spec's patterns."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from enum import Enum
from pathlib import Path, PurePosixPath

from builder.inputs.secrets import is_secret
from builder.worker.slim.ignore import parse

NEVER_INPUT = re.compile(
    r"""
    (?:.*/)?
    (?:
        \.git | \.hg/ | \.svn/ | __pycache__/
      | \.venv/ | \.tox/ | \.nox/ | \.[^/]*_cache/ | \.hypothesis/ | \.coverage | htmlcov/
      | cdktf\.out/ | \.terraform/ | [^/]*\.tfstate(?:\.[^/]*)?
      | \.DS_Store | Thumbs\.db | desktop\.ini
      | \.idea/ | \.vscode/ | \.[^/]*\.sw[a-p] | [^/]*~ | \.\#[^/]* | \#[^/]*\#
    )
    /?
  | layers\.toml | layers\.schema\.json | node_modules/
    """,
    re.VERBOSE | re.DOTALL,
)
"""What never is an input, tracked or not: version control, caches, state and output of Terraform,
what editors leave behind, and the description of the layers, of which the spec holds what matters.
A folder has a slash at its end."""

BUILD_OUTPUT = re.compile(
    r"build/(?:lib|lib\.[^/]*|bdist\.[^/]*|temp\.[^/]*)/"
    r"|dist/(?:[^/]*\.whl|[^/]*\.tar\.gz|\.gitignore)"
)
"""What builds leave at the top of a package, unless ``build`` or ``dist`` is a module there."""

TERRAFORM = re.compile(
    r"(?:.*/)?(?:[^/]*\.(?:tf|tfvars)(?:\.json)?|\.terraform\.lock\.hcl)", re.DOTALL
)
"""Configuration of Terraform, which is not the package's, unless it lies in a Python package: there
it is data."""

MADE_BY_TOOLS = ("pyvenv.cfg", "conda-meta", "CACHEDIR.TAG", "CMakeCache.txt")
"""Files that tools put into folders that they made: environments, caches, build output. The
bford.info convention has CACHEDIR.TAG."""

PYTHON_SOURCE = ".py"


class Reason(Enum):
    """Why a file is no input."""

    EXCLUDE = "exclude"
    NEVER = "never an input"
    SECRET = "holds secrets by its name"  # noqa: S105 - no secret
    GIT = "ignored by git"


class Exclude:
    """The spec's ``exclude`` patterns: those of gitignore(5), the last one that matches decides."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._rules = [rule for rule in map(parse, patterns) if rule]

    @property
    def takes_back(self) -> bool:
        """Whether a pattern takes back in what something else leaves out."""
        return not all(rule.excludes for rule in self._rules)

    def verdict(self, path: str, *, folder: bool) -> bool | None:
        """Return True for excluded, False for taken back (``!``), None when no pattern matches.

        Only the path itself is looked at, not the folders above it.
        """
        for rule in reversed(self._rules):
            if (folder or not rule.folders_only) and rule.regex.fullmatch(path):
                return rule.excludes
        return None

    def opens(self, path: str) -> bool:
        """Say whether a folder is taken back in from git, not only from an earlier pattern."""
        return self.verdict(path, folder=True) is False and not any(
            rule.excludes and rule.regex.fullmatch(path) for rule in self._rules
        )


class Choice:
    """Decides which files of one package folder are left out, and remembers what was."""

    def __init__(self, tree: Path, exclude: Exclude) -> None:
        self.left_out: dict[str, Reason] = {}
        self._tree = tree
        self._exclude = exclude
        self._folders: dict[str, Reason | None] = {"": None}
        self._open: dict[str, bool] = {"": False}

    def leaves_out(self, path: str, *, ignored: bool = False) -> bool:
        """Say whether a file, relative to the package, is left out.

        ``ignored`` is what git says of it.
        """
        reason = self._decide(path, ignored=ignored)
        if reason is not None and reason is not self._folder(_parent(path)):
            self.left_out[path] = reason
        return reason is not None

    def leaves_out_folder(self, path: str, *, ignored: bool = False) -> bool:
        """Say whether a folder is left out with all below, as far as no pattern takes it back."""
        reason = self._folder(path, ignored=ignored)
        return reason is Reason.EXCLUDE or (reason is not None and not self._exclude.takes_back)

    def _folder(self, path: str, *, ignored: bool = False) -> Reason | None:
        if path not in self._folders:
            reason = self._decide(path, ignored=ignored)
            if reason is not None and reason is not self._folder(_parent(path)):
                self.left_out[f"{path}/"] = reason
            self._folders[path] = reason
        return self._folders[path]

    def _decide(self, path: str, *, ignored: bool) -> Reason | None:
        above = self._folder(_parent(path))
        if above is Reason.EXCLUDE:
            return above
        # To people who link their .venv, a link to a folder is a folder.
        folder = os.path.isdir(f"{self._tree}/{path}")  # noqa: PTH112 - this is asked of every file
        if path.rpartition("/")[2] == ".git":
            return Reason.NEVER
        verdict = self._exclude.verdict(path, folder=folder)
        if verdict is not None:
            return Reason.EXCLUDE if verdict else None
        if above is not None:
            return above
        by_name = self._by_name(path, folder=folder)
        if by_name is not None:
            return by_name
        return Reason.GIT if ignored and not self._is_open(_parent(path)) else None

    def _is_open(self, folder: str) -> bool:
        """Say whether a pattern takes back a folder, or one above it, with all that git ignores."""
        if folder not in self._open:
            opened = self._exclude.takes_back and self._exclude.opens(folder)
            self._open[folder] = opened or self._is_open(_parent(folder))
        return self._open[folder]

    def _by_name(self, path: str, *, folder: bool) -> Reason | None:
        if self._is_rubbish(path, folder=folder):
            return Reason.NEVER
        return Reason.SECRET if not folder and is_secret(path) else None

    def _is_rubbish(self, path: str, *, folder: bool) -> bool:
        name = f"{path}/" if folder else path
        if NEVER_INPUT.fullmatch(name):
            return True
        if BUILD_OUTPUT.fullmatch(name):
            return not (self._tree / path).with_name("__init__.py").exists()
        if folder:
            return self._is_made_by_a_tool(self._tree / path)
        if TERRAFORM.fullmatch(name):
            above = [self._tree / place for place in PurePosixPath(path).parents]
            return not any((place / "__init__.py").exists() for place in above)
        if name.endswith((".pyc", ".pyo")):
            # Bytecode without its source is the module.
            return (self._tree / path).with_suffix(PYTHON_SOURCE).exists()
        return False

    @staticmethod
    def _is_made_by_a_tool(folder: Path) -> bool:
        if folder.name.endswith(".egg-info"):
            # setuptools writes it anew; one that an installer left belongs to what it installed.
            made = (folder / "PKG-INFO").exists()
            return made and not (folder / "installed-files.txt").exists()
        return any((folder / name).exists() for name in MADE_BY_TOOLS)


def _parent(path: str) -> str:
    return path.rpartition("/")[0]
