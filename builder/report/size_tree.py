"""Who pulls in what: the tree of a layer's packages, and why one of them is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.tree import Tree

from builder.report.tables import megabytes, new_table, show, show_json
from builder.sizes.graph import Edge
from builder.sizes.model import LayerSize, PackageSize, TargetSize


def show_trees(layers: Sequence[LayerSize]) -> None:
    """Write what needs what, with sizes; a package is opened where it comes first."""
    for layer in layers:
        for target in layer.targets:
            title = f"{escape(layer.name)}: {target.target}, {megabytes(target.size)}"
            top = Tree(f"[bold]{title}[/]", guide_style="dim")
            _grow(top, target)
            show(top, "")


def _grow(top: Tree, target: TargetSize) -> None:
    packages = {package.name: package for package in target.packages}
    opened: set[str] = set()
    waiting = [(top, name, "") for name in reversed(_heaviest(target, target.graph.roots))]
    while waiting:
        above, name, extra = waiting.pop()
        again = name in opened
        branch = above.add(_label(packages[name], target, extra, again=again))
        if again:
            continue
        opened.add(name)
        edges = {edge.target: edge for edge in target.graph.needs[name]}
        waiting += [(branch, n, edges[n].extra) for n in reversed(_heaviest(target, edges))]


def _heaviest(target: TargetSize, names: Sequence[str] | Mapping[str, Edge]) -> list[str]:
    return sorted(names, key=lambda name: (-target.exclusive.get(name, 0), name))


def _label(package: PackageSize, target: TargetSize, extra: str, *, again: bool) -> str:
    text = f"{escape(package.name)} [dim]{escape(package.version)}[/]  "
    text += "[yellow]unknown[/]" if package.unknown else megabytes(package.size)
    alone = target.exclusive.get(package.name, 0)
    if alone > package.size:
        text += f", [bold]{megabytes(alone)}[/] with all that only it needs"
    if extra:
        text += f" [dim](extra {escape(extra)})[/]"
    return text + (" [dim](above)[/]" if again and target.graph.needs[package.name] else "")


def why_lines(target: TargetSize, package: PackageSize) -> list[str]:
    """Return in sentences what a package costs, and for what it is there."""
    name = package.name
    size = f"[yellow]unknown[/] ({package.unknown})" if package.unknown else megabytes(package.size)
    lines = [f"[bold]{escape(name)} {escape(package.version)}[/]: {size} on {target.target}"]
    others = target.graph.exclusive[name] - {name}
    if others:
        biggest = sorted(others, key=lambda other: -target.sizes.get(other, 0))[:5]
        listed = ", ".join(f"{escape(o)} {megabytes(target.sizes.get(o, 0))}" for o in biggest)
        more = f" and {len(others) - 5} more" if len(others) > 5 else ""
        lines.append(
            f"without it {megabytes(target.exclusive[name])} would go: itself, and {listed}{more}"
        )
    above = target.graph.because[name]
    if above:
        lines.append(f"only because of {', then '.join(map(escape, above))}")
    elif name in target.graph.roots:
        lines.append("the layer itself asks for it")
    else:
        count = len(target.graph.needed_by[name])
        lines.append(f"no single package is the reason: {count} need it")
    return lines


def show_why(layers: Sequence[LayerSize], name: str) -> None:
    """Write why a package is there, with the ways that lead to it."""
    for target, package in _found(layers, name):
        show(*why_lines(target, package))
        table = new_table("needed by", "as", "through")
        for edge in sorted(target.graph.needed_by[name], key=lambda e: e.source):
            extra = f"extra {edge.extra}" if edge.extra else ""
            table.add_row(escape(edge.source), escape(edge.said), escape(extra))
        if table.row_count:
            show(table)
        for way in target.graph.ways(name):
            show("  " + " → ".join(map(escape, way)))
        show("")


def show_why_json(layers: Sequence[LayerSize], name: str) -> None:
    """Write the same for machines."""
    show_json([_fields(target, package) for target, package in _found(layers, name)])


def _found(layers: Sequence[LayerSize], name: str) -> list[tuple[TargetSize, PackageSize]]:
    return [
        (target, package)
        for layer in layers
        for target in layer.targets
        for package in target.packages
        if package.name == name
    ]


def _fields(target: TargetSize, package: PackageSize) -> dict[str, Any]:
    graph, name = target.graph, package.name
    return {
        "runtime": target.target.runtime,
        "architecture": target.target.architecture,
        "name": name,
        "version": package.version,
        "unzipped_size": None if package.unknown else package.size,
        "exclusive_size": target.exclusive[name],
        "exclusive": sorted(graph.exclusive[name]),
        "only_because_of": list(graph.because[name]),
        "asked_for": name in graph.roots,
        "needed_by": [
            {"name": edge.source, "requirement": edge.said, "extra": edge.extra or None}
            for edge in graph.needed_by[name]
        ],
        "ways": [list(way) for way in graph.ways(name)],
    }
