"""cdktn, the successor of cdktf, in its place: the same API under other names.

cdktf was archived in December 2025 at 0.21; CDK Terrain goes on with it as ``cdktn``, and its
bindings are ``cdktn-provider-*``. Where cdktf is not installed and cdktn is, an import of the one
gives the other's own module, so that classes are the same ones however they were imported.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

NAMES = {
    "cdktf": "cdktn",
    "cdktf_cdktf_provider_aws": "cdktn_provider_aws",
    "cdktf_cdktf_provider_external": "cdktn_provider_external",
}


class Successor(MetaPathFinder, Loader):
    """Finds a module of cdktf's packages in the package that has taken its place."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec for what has a successor, None for everything else."""
        del path, target
        return ModuleSpec(fullname, self) if renamed(fullname) != fullname else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the successor's module; the import system writes the alias's spec into it."""
        module = import_module(renamed(spec.name))
        spec.loader_state = module.__spec__  # not in self, which serves all threads
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module as it is, with the spec that it had."""
        if module.__spec__ is not None:
            module.__spec__ = module.__spec__.loader_state


def renamed(name: str) -> str:
    """Return what a module of cdktf is called in cdktn."""
    package, dot, rest = name.partition(".")
    return f"{NAMES.get(package, package)}{dot}{rest}"


def is_needed(package: str = "cdktf") -> bool:
    """Whether cdktn is there and cdktf is not; once it has taken over, that stays so."""
    if _has_taken_over():
        return True
    return not _is_installed(package) and _is_installed(NAMES[package])


def _has_taken_over() -> bool:
    return any(isinstance(finder, Successor) for finder in sys.meta_path)


def _is_installed(package: str) -> bool:
    # A folder of that name, with somebody's stacks in it, can be imported too, but has no file.
    spec = find_spec(package)
    return spec is not None and spec.has_location


def take_over() -> None:
    """Let cdktn be imported by cdktf's names from now on."""
    if not _has_taken_over():
        # First: what lies in a package of the successor would be found there once more.
        sys.meta_path.insert(0, Successor())
