"""What layers will take, for people and machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.text import Text

from builder.report.size_advice import advice_fields
from builder.report.tables import is_narrow, megabytes, new_table, show, show_json
from builder.sizes.advice import Advice
from builder.sizes.model import CLOSE, FITS, TOO_LARGE, UNKNOWN, LayerSize, PackageSize, TargetSize
from builder.sizes.together import Together
from builder.spec.runtimes import UNZIPPED_LIMIT

SHOWN = 20
"""Packages that are shown unless all are asked for."""

BAR = 24
ROOM = 100
"""Columns from which on a terminal has room for the bars: the words come first."""

STYLES = {FITS: "green", CLOSE: "yellow", TOO_LARGE: "red", UNKNOWN: "yellow"}


def show_sizes(layers: Sequence[LayerSize], *, everything: bool) -> None:
    """Write each layer's packages with bars, its verdict, and what is not known."""
    if len(layers) > 1:
        show(_overview(layers), "")
    for layer in layers:
        for target in layer.targets:
            show(_table(layer, target, everything=everything))
        show(*verdict_lines(layer), "")


def _overview(layers: Sequence[LayerSize]) -> RenderableType:
    table = new_table("layer", "targets", "unzipped", "zipped", "of the limit", "verdict")
    for layer in layers:
        targets = ", ".join(str(target.target) for target in layer.targets)
        table.add_row(
            escape(layer.name),
            targets,
            _at_least(layer) + megabytes(layer.size),
            _at_least(layer) + megabytes(layer.packed),
            share(layer.size, layer.limit)
            + f" ({share(layer.size + layer.others, layer.limit)} with "
            "its function's others)" * bool(layer.others),
            f"[{STYLES[layer.verdict]}]{layer.verdict}[/]",
        )
    return table


def _at_least(layer: LayerSize) -> str:
    return "" if layer.is_known else "at least "


def _table(layer: LayerSize, target: TargetSize, *, everything: bool) -> RenderableType:
    title = f"{escape(layer.name)}: {target.target}"
    bars = bar_columns()
    table = new_table("package", "version", "unzipped", "zipped", "with all only it needs", *bars,
                      title=title)  # fmt: skip
    largest = sorted(target.packages, key=lambda package: (-package.size, package.name))
    shown = largest if everything else [p for p in largest if p.unknown or p in largest[:SHOWN]]
    most = max((package.size for package in largest), default=0)
    for package in shown:
        alone = target.exclusive.get(package.name, 0)
        table.add_row(
            escape(package.name),
            escape(package.version),
            "[yellow]unknown[/]" if package.unknown else megabytes(package.size),
            "" if package.unknown else megabytes(package.packed),
            megabytes(alone) if alone > package.size else "",
            *(bar(package.size, most) for _ in bars),
        )
    rest = [package for package in largest if package not in shown]
    if rest:
        size, packed = sum(p.size for p in rest), sum(p.packed for p in rest)
        table.add_row(f"{len(rest)} more", "", megabytes(size), megabytes(packed))
    return table


def bar_columns() -> tuple[str, ...]:
    """Return the heads of the columns for bars: none where a terminal has no room for them."""
    return () if is_narrow(ROOM) else ("",)


def bar(size: int, most: int) -> Text:
    """Return a bar as long as a size is of the largest."""
    length = round(BAR * size / most) if most else 0
    return Text("█" * length, style="cyan")


def verdict_lines(layer: LayerSize) -> list[RenderableType]:
    """Return the verdict in words, and what it does not know."""
    style = STYLES[layer.verdict]
    total = f"{_at_least(layer)}{layer.size:,} bytes unzipped ({megabytes(layer.size)}), "
    total += f"{_at_least(layer)}{megabytes(layer.packed)} zipped"
    lines: list[RenderableType] = [
        f"[{style}]{layer.verdict}[/]: {total}; {share(layer.size, layer.limit)} of "
        f"{layer.limit:,}, which the function and all its layers "
        "share"
    ]
    if layer.shared is not None:
        lines.append(f"[{style}]{escape(str(layer.shared))}[/]")
    for package in unknown_of(layer):
        name = f"{package.name} {package.version}".strip()
        lines.append(f"[yellow]unknown[/] {escape(name)}: {escape(package.unknown)}")
    lines += [f"note: {escape(note)}" for note in layer.notes]
    return lines


def share(size: int, limit: int) -> str:
    """Return how much of the limit a size is."""
    return f"{size / limit:.0%}"


def unknown_of(layer: LayerSize) -> list[PackageSize]:
    """Return the packages whose sizes are not known, each once."""
    found = {(p.name, p.version): p for target in layer.targets for p in target.unknown}
    return [found[key] for key in sorted(found)]


def show_sizes_json(layers: Sequence[tuple[LayerSize, Sequence[Advice]]]) -> None:
    """Write the same for machines, with what can be done."""
    fields = [{**layer_fields(layer), "advice": advice_fields(found)} for layer, found in layers]
    show_json({"limit": UNZIPPED_LIMIT, "layers": fields})


def layer_fields(layer: LayerSize) -> dict[str, Any]:
    """Return what machines read of a layer's size, in bytes."""
    return {
        "name": layer.name,
        "verdict": layer.verdict,
        "unzipped_size": layer.size,
        "zipped_size": layer.packed,
        "is_known": layer.is_known,
        "shared": _shared(layer.shared),
        "targets": [_target_fields(target) for target in layer.targets],
        "notes": list(layer.notes),
    }


def _shared(shared: Together | None) -> dict[str, Any] | None:
    if shared is None:
        return None
    return {
        "function": shared.function,
        "layers": list(shared.layers),
        "unzipped_size": shared.size,
        "fits": shared.fits,
    }


def _target_fields(target: TargetSize) -> dict[str, Any]:
    return {
        "runtime": target.target.runtime,
        "architecture": target.target.architecture,
        "unzipped_size": target.size,
        "zipped_size": target.packed,
        "files": len(target.files),
        "slim": {option: sum(saved.values()) for option, saved in target.saves.items()
                 if option in target.slim},
        "packages": [_package_fields(target, package) for package in target.packages],
    }  # fmt: skip


def _package_fields(target: TargetSize, package: PackageSize) -> dict[str, Any]:
    known = not package.unknown
    return {
        "name": package.name,
        "version": package.version,
        "unzipped_size": package.size if known else None,
        "zipped_size": package.packed if known else None,
        "files": package.files if known else None,
        "exclusive_size": target.exclusive.get(package.name, 0),
        "only_because_of": list(target.graph.because.get(package.name, ())),
        "unknown": package.unknown or None,
    }
