"""The layers of a project's subfolders: what each lists in a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from builder.operations.init.draft import DraftLayer, name_from, with_remarks
from builder.operations.init.python_project import project_layer

DEEPEST = 3
"""Folders below the root that are looked into: services/orders/layer."""

LEFT_OUT = {
    "build", "cdktf.out", "dist", "doc", "docs", "env", "examples", "node_modules", "site-packages",
    "test", "tests", "venv",
}  # fmt: skip
"""Names of folders whose lists no function runs with."""

REMARK = "each subfolder with a list of its own has a layer; take out those that nothing needs"


def subfolder_layers(root: Path, name: str) -> list[DraftLayer]:
    """Return a layer for each folder below the root that lists dependencies, in order of paths.

    What lies inside of such a folder belongs to it. ``name`` is for a folder whose own is none.
    """
    found = list(_below(root, root, name, DEEPEST))
    return with_remarks(found, [REMARK] if len(found) > 1 else [])


def _below(root: Path, folder: Path, name: str, deepest: int) -> Iterator[DraftLayer]:
    for inside in _folders(folder):
        layer = project_layer(inside, name_from(inside.name, name))
        if layer is not None:
            yield _moved(layer, inside.relative_to(root))
        elif deepest > 1:
            yield from _below(root, inside, name, deepest - 1)


def _folders(folder: Path) -> list[Path]:
    try:
        return [
            path
            for path in sorted(folder.iterdir())
            if not path.name.startswith(".")
            and path.name not in LEFT_OUT
            and path.is_dir()
            and not path.is_symlink()
            and not (path / "pyvenv.cfg").exists()  # a virtual environment
        ]
    except OSError:  # one that may not be read
        return []


def _moved(layer: DraftLayer, inside: Path) -> DraftLayer:
    keys = {key: (inside / str(value)).as_posix() for key, value in layer.keys.items()}
    return replace(layer, origin=(inside / layer.origin).as_posix(), keys=keys)
