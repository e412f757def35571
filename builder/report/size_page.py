"""One page that shows a layer's size: self-contained, it opens without a network."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any

from builder.report.tables import megabytes
from builder.report.terminal import clean
from builder.sizes.advice import Advice
from builder.sizes.model import FileSize, LayerSize, TargetSize

SMALL = 0.0002
"""Share of a target below which files and folders are summed up as one."""


def size_page(layers: Sequence[tuple[LayerSize, Sequence[Advice]]]) -> str:
    """Return the page of one layer, or of several, whose targets can be chosen on it."""
    first, advice = max(layers, key=lambda pair: pair[0].size + pair[0].others)
    several = len(layers) > 1
    targets = [
        _target(target, f"{layer.name}: {target.target}" if several else str(target.target))
        for layer, _ in layers
        for target in layer.targets
    ]
    known = "" if first.is_known else "at least "
    said = (
        f"{known}{first.size:,} bytes unzipped, {first.size / first.limit:.0%} of {first.limit:,}; "
        f"{known}{megabytes(first.packed)} zipped"
    )
    shared = [str(first.shared)] if first.shared else []
    if several:
        said = f"the largest of {len(layers)}, {first.targets[0].target}: {said}"
    return render(
        {
            "title": f"{first.name}: predicted size",
            "verdict": first.verdict,
            "said": said,
            "size": first.size,
            "limit": first.limit,
            "others": first.others,
            "notes": [*first.notes, *shared, "the function and all its layers share the limit"],
            "targets": targets,
            "advice": [
                {"kind": a.kind, "text": a.text, "saves": a.saves, "fits": a.fits,
                 "write": a.write, "source": a.source}
                for a in advice
            ],
            "changes": [],
            "links": [],
        }
    )  # fmt: skip


def render(data: dict[str, Any]) -> str:
    """Return the page for its data; nothing in them can become markup or a program.

    What turns text around, or hides it, is shown as an escape.
    """
    data = _clean(data)
    template = files("builder.report").joinpath("size_page.html").read_text("utf-8")
    text = json.dumps(data, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    before, _, rest = template.partition("@title@")
    middle, _, after = rest.partition("@data@")
    return f"{before}{html.escape(data['title'])}{middle}{text}{after}"


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): _clean(each) for key, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, list) else value


def _target(target: TargetSize, label: str) -> dict[str, Any]:
    return {
        "label": label,
        "zip": True,
        "tree": tree(target),
        "packages": [
            {
                "n": p.name,
                "v": p.version,
                "s": p.size,
                "z": p.packed,
                "x": target.exclusive.get(p.name, 0),
                "u": p.unknown,
            }
            for p in target.packages
        ],
        "roots": list(target.graph.roots),
        "needs": {
            name: [edge.target for edge in edges]
            for name, edges in target.graph.needs.items()
            if edges
        },
    }


def tree(target: TargetSize) -> dict[str, Any]:
    """Return packages, folders and files, each with its bytes unzipped and zipped."""
    by_package: dict[str, list[FileSize]] = {}
    for file in target.files:
        by_package.setdefault(file.package, []).append(file)
    least = target.size * SMALL
    children = [
        _node(name, [(file.name.split("/"), file) for file in files], least)
        for name, files in by_package.items()
    ]
    return {"n": str(target.target), "s": target.size, "z": target.packed, "c": children}


def _node(name: str, files: list[tuple[list[str], FileSize]], least: float) -> dict[str, Any]:
    node: dict[str, Any] = {
        "n": name,
        "s": sum(file.size for _, file in files),
        "z": sum(file.packed for _, file in files),
    }
    if len(files) == 1 and not files[0][0]:
        return node
    inner: dict[str, list[tuple[list[str], FileSize]]] = {}
    for (first, *rest), file in files:
        inner.setdefault(first, []).append((rest, file))
    large: list[tuple[str, list[tuple[list[str], FileSize]]]] = []
    small: list[tuple[str, list[tuple[list[str], FileSize]]]] = []
    for part, its in inner.items():
        (large if sum(file.size for _, file in its) >= least else small).append((part, its))
    node["c"] = [_node(part, its, least) for part, its in large]
    if small:
        node["c"].append(_rest(file for _, its in small for _, file in its))
    return node


def _rest(files: Iterable[FileSize]) -> dict[str, Any]:
    found = list(files)
    count = f"{len(found):,} small file" + "s" * (len(found) != 1)
    return {"n": count, "s": sum(f.size for f in found), "z": sum(f.packed for f in found)}
