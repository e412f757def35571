"""The import contract `outside`: what a package imports from outside of itself, as a table.

A line ``importer -> names`` holds for a module and for all below it. The standard library is free.
What no line names is refused, and so is a permission that is not used.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class OutsideContract(Contract):
    """Refuse what a package imports from outside of itself without a line that names it."""

    type_name = "outside"

    allowed = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Compare all imports that leave a root package with the table."""
        roots: list[str] = self.session_options["root_packages"]
        lines = cast(list[str], self.allowed)  # the field, once its text is parsed
        unused = table = {arrow for line in lines for arrow in _arrows(line)}
        refused = []
        for module, imported in _leaving(graph, roots):
            used = {arrow for arrow in table if _allows(arrow, module, imported)}
            unused = unused - used
            if not used:
                refused.append(f"{module} -> {imported}")
        problems = [f"{arrow}: no line allows it" for arrow in sorted(refused)]
        problems += [f"{line} -> {name}: allowed, and not used" for line, name in sorted(unused)]
        return ContractCheck(kept=not problems, metadata={"problems": problems})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each import that no line allows, and each permission that is not used."""
        for problem in check.metadata["problems"]:
            output.print_error(problem)


def _arrows(line: str) -> Iterator[tuple[str, str]]:
    importer, _, names = line.partition("->")
    return ((importer.strip(), name) for name in names.split())


def _allows(arrow: tuple[str, str], module: str, imported: str) -> bool:
    return _covers(arrow[0], module) and _covers(arrow[1], imported)


def _leaving(graph: ImportGraph, roots: list[str]) -> Iterator[tuple[str, str]]:
    """Yield who imports what from outside of its root package and the standard library."""
    for module in graph.modules:
        root = next((name for name in roots if _covers(name, module)), None)
        if root is None:
            continue
        for imported in graph.find_modules_directly_imported_by(module):
            ours = _covers(root, imported)
            if not ours and imported.partition(".")[0] not in sys.stdlib_module_names:
                yield module, imported


def _ancestors(module: str) -> Iterator[str]:
    """Yield a module and the packages that it lies in, the innermost first."""
    while module:
        yield module
        module = module.rpartition(".")[0]


def _covers(name: str, module: str) -> bool:
    return any(fnmatch(ancestor, name) for ancestor in _ancestors(module))
