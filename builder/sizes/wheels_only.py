"""uv that builds nothing: for a look at sizes in a plan, where no code of packages may run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from builder.errors import SourceError
from builder.inputs.dependency_list import LISTED
from builder.inputs.poetry_dependencies import PoetryError, translate
from builder.inputs.pyproject import read_pyproject
from builder.spec.toml_keys import table_in
from builder.worker.errors import BuildError
from builder.worker.process import Outcome
from builder.worker.request import Request, Target
from builder.worker.resolve.explain import explain
from builder.worker.resolve.uv import Uv, builds_nothing

CHANGING = {"dependencies", "optional-dependencies"}
"""What a build backend may add to, if ``dynamic`` names it (PyPA, "pyproject.toml")."""

SOURCE_ALONE = re.compile(r"Wheels are required for `(?P<name>[^`]+)` because building from source")
"""What uv says of a package that has no wheel that fits, where it may build nothing."""


class TransientError(BuildError):
    """An index did not answer, or not now."""


class WheelsOnly(Uv):
    """uv without the leave to build: it asks once, and raises BuildError for what needs more.

    When an index does not answer that is a TransientError.
    """

    def compile(self, arguments: Sequence[str], target: Target, out: Path) -> Outcome:
        """Resolve from wheels alone."""
        if not builds_nothing(arguments):
            raise _needs_a_build("a dependency")
        outcome = self._run([*self.compiling(arguments, target), "-o", str(out)])
        if outcome.ok:
            return outcome
        source = SOURCE_ALONE.search(outcome.output)
        if source:
            raise _needs_a_build(source["name"], f"has no wheel for {target}, and")
        error = explain(outcome, target, "resolving from wheels alone")
        kind = TransientError if outcome.transient else BuildError
        raise kind(error.what, error.where, error.expected, error.fix)

    def build_wheel(self, source: Path, out: Path, extra: dict[str, str]) -> Outcome:
        """Refuse: a folder's build backend would run."""
        del out, extra
        raise _needs_a_build(source.name)


def _needs_a_build(what: str, why: str = "") -> BuildError:
    words = f"{what} {why} has to be built before its dependencies are known"
    return BuildError(
        " ".join(words.split()),
        where="a plan, which runs no code of packages",
        expected="wheels, and a pyproject.toml that lists its dependencies itself",
        fix="lambda-layer size predicts it, and builds what it needs in a sandbox",
    )


def list_package(bundle: Path, wanted: Request) -> None:
    """Put what a package's pyproject.toml lists in the package's place, so that it is not built.

    Raise BuildError when only its build backend knows the dependencies.
    """
    if wanted.package is None or (bundle / LISTED).exists():
        return
    try:
        document = read_pyproject(bundle / "project", PurePosixPath(wanted.package))
    except SourceError as error:
        raise _needs_a_build(wanted.package) from error
    listed = as_list(document)
    if listed is None:
        raise _needs_a_build(wanted.package)
    (bundle / LISTED).write_text(listed, encoding="utf-8")


def as_list(document: Mapping[str, Any]) -> str | None:
    """Return a pyproject.toml with the same dependencies and without a package; None: not known."""
    project, uv = table_in(document, "project"), table_in(document, "tool", "uv")
    if uv.get("sources") or CHANGING & {*map(str, project.get("dynamic", ()))}:
        return None  # sources may be folders, which would be built
    lines, extras = project.get("dependencies", []), project.get("optional-dependencies", {})
    if "name" not in project:
        try:
            found = translate(document)
        except PoetryError:
            return None
        if found.paths or not table_in(document, "tool", "poetry"):
            return None
        lines, extras = found.lines, found.extras
    name = project.get("name", "listed")
    written = ["[project]", f"name = {json.dumps(name)}", 'version = "0"']
    written += [f"dependencies = {json.dumps(lines)}", "[project.optional-dependencies]"]
    written += [f"{json.dumps(extra)} = {json.dumps(more)}" for extra, more in extras.items()]
    return "\n".join(written) + "\n"
