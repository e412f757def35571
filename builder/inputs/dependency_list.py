"""A pyproject.toml that only lists dependencies, as the worker gives it to uv."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from builder.errors import SourceError
from builder.inputs.local_dependencies import folders_of_others
from builder.inputs.pyproject import read_pyproject
from builder.spec.dependency_lists import is_declared, may_be_one
from builder.spec.layer_spec import LayerSpec
from builder.spec.toml_keys import table_in

if TYPE_CHECKING:
    from builder.inputs.poetry_dependencies import Translated

LISTED = "listed.toml"
"""Where the bundle holds the pyproject.toml of a list; a package has none."""


def only_lists(root: Path, folder: PurePosixPath, paths: Iterable[str]) -> bool:
    """Return whether a folder's pyproject.toml describes no package.

    ``paths`` are the files there are, seen from the root. Code of other packages does not count.
    """
    document = read_pyproject(root, folder)
    if is_declared(document):
        return True
    if not may_be_one(document):
        return False
    others = folders_of_others(root, folder)
    code = [PurePosixPath(path) for path in paths if path.endswith(".py")]
    mine = (path for path in code if path.is_relative_to(folder))
    return all(any(path.is_relative_to(other) for other in others) for path in mine)


def read_listed(spec: LayerSpec, root: Path, paths: Collection[str]) -> bytes | None:
    """Return the pyproject.toml of a list of dependencies in the form of PEP 621, else None.

    ``paths`` are the layer's input files. Raise SourceError for what uv could not read.
    """
    if spec.package is None:
        return None
    folder = PurePosixPath(spec.package)
    if not only_lists(root, folder, paths):
        return None
    document = read_pyproject(root, folder)
    where = f"{spec.where or f'layer {spec.name!r}'}: {root / folder / 'pyproject.toml'}"
    project = table_in(document, "project")
    dynamic = project.get("dynamic", ())
    if {"name", "version"} <= {*project} and "dependencies" not in dynamic:
        _check(spec, where, project, project.get("optional-dependencies", {}))
        return (root / folder / "pyproject.toml").read_bytes()
    # Only here: a plan of other layers does not wait for its imports.
    from builder.inputs.poetry_dependencies import PoetryError, translate

    try:
        found = translate(document)
    except PoetryError as error:
        raise SourceError(
            f"a dependency in pyproject.toml cannot be read: {error}",
            where=where,
            expected="a constraint of Poetry that one PEP 508 requirement can say",
            fix="write it as a range, such as '>=1.2,<3'",
        ) from error
    _check(spec, where, {"dependencies": found.lines} if found.lines else {}, found.extras)
    return _pyproject(found).encode()


def _check(
    spec: LayerSpec, where: str, project: Mapping[str, Any], extras: Mapping[str, Any]
) -> None:
    known = {canonicalize_name(extra) for extra in extras}
    for extra in spec.extras:
        if canonicalize_name(extra) not in known:
            raise SourceError(
                f"pyproject.toml has no extra {extra!r}",
                where=where,
                expected=f"one of {', '.join(sorted(known))}" if known else "no extras at all",
                fix="correct extras in the layer's description",
            )
    others = (spec.extras, spec.requirements, spec.dependencies)
    if not project.get("dependencies") and not any(others):
        raise SourceError(
            "pyproject.toml describes no package and lists no dependencies",
            where=where,
            expected="dependencies in [project] or [tool.poetry.dependencies]; groups are not part "
            "of a layer",
            fix="add dependencies, or name extras of it in the layer's extras",
        )


def _pyproject(found: Translated) -> str:
    lines = ["[project]", 'name = "listed"', 'version = "0"']
    if found.python:
        lines.append(f"requires-python = {_text(found.python)}")
    lines += [f"dependencies = [{', '.join(map(_text, found.lines))}]"]
    lines.append("[project.optional-dependencies]")
    for extra, more in found.extras.items():
        lines.append(f"{_text(extra)} = [{', '.join(map(_text, more))}]")
    lines.append("[tool.uv.sources]")
    for name, path in found.paths.items():
        lines.append(f"{_text(name)} = {{ path = {_text(path)} }}")
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """Return a TOML string: its escapes are those of JSON, for what is no surrogate."""
    return json.dumps(text, ensure_ascii=False)
