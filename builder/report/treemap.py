"""A treemap as a layout of rectangles and as SVG: squarified (Bruls, Huizing, van Wijk, 2000)."""

from __future__ import annotations

import html
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from builder.report.tables import megabytes
from builder.report.terminal import clean
from builder.sizes.model import LayerSize, TargetSize

WIDTH, HEIGHT, HEADING = 1200, 640, 44
LETTER = 7.2
"""Pixels that a letter takes at most, at 12 pixels' size."""


@dataclass(frozen=True)
class Tile:
    """One rectangle, in pixels."""

    index: int
    x: float
    y: float
    width: float
    height: float


def layout(sizes: Sequence[float], width: float, height: float) -> list[Tile]:
    """Return a tile for each size above 0, the areas as the sizes; the order is theirs."""
    order = sorted((i for i, size in enumerate(sizes) if size > 0), key=lambda i: -sizes[i])
    tiles: list[Tile] = []
    x = y = 0.0
    total = float(sum(sizes[i] for i in order))
    while order:
        side = min(width, height)
        scale = width * height / total
        row = _row([sizes[i] for i in order], side, scale)
        chosen, order = order[:row], order[row:]
        amount = sum(sizes[i] for i in chosen)
        thick = amount * scale / side if side else 0.0
        along = 0.0
        for index in chosen:
            long = sizes[index] / amount * side
            if width >= height:
                tiles.append(Tile(index, x, y + along, thick, long))
            else:
                tiles.append(Tile(index, x + along, y, long, thick))
            along += long
        if width >= height:
            x, width = x + thick, max(width - thick, 0.0)
        else:
            y, height = y + thick, max(height - thick, 0.0)
        total -= amount
    return tiles


def _row(sizes: Sequence[float], side: float, scale: float) -> int:
    """Return how many of the next sizes make the squarest row."""
    amount, best = 0.0, float("inf")
    for count, size in enumerate(sizes):
        following = amount + size
        thick = following * scale / side if side else 0.0
        lengths = [each / following * side for each in (sizes[0], size)]
        if not thick or not all(lengths):
            return len(sizes)
        worst = max(max(thick / length, length / thick) for length in lengths)
        if count and worst > best:
            return count
        amount, best = following, worst
    return len(sizes)


def svg(layer: LayerSize) -> str:
    """Return a picture of a layer's packages, each target below the one before."""
    parts = []
    for number, target in enumerate(layer.targets):
        parts.append(_picture(layer, target, number * (HEIGHT + HEADING)))
    height = len(layer.targets) * (HEIGHT + HEADING)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="12">'
        f"<title>{_text(f'{layer.name}: {layer.verdict}, {megabytes(layer.size)}')}</title>"
        "<style>.head{fill:#1c2126}.back{fill:#fbfbfa}@media(prefers-color-scheme:dark)"
        "{.head{fill:#e6eaee}.back{fill:#14181c}}</style>"
        f'<rect class="back" width="{WIDTH}" height="{height}"/>' + "".join(parts) + "</svg>\n"
    )


def _picture(layer: LayerSize, target: TargetSize, top: int) -> str:
    packages = target.packages
    share = f"{(layer.size + layer.others) / layer.limit:.0%} of {layer.limit:,} bytes"
    share += " with the other layers of its function" * bool(layer.others)
    title = f"{layer.name}, {target.target}: {megabytes(target.size)}, {layer.verdict} ({share})"
    parts = [f'<text class="head" x="8" y="{top + 28}" font-size="18">{_text(title)}</text>']
    for tile in layout([package.size for package in packages], WIDTH, HEIGHT):
        package = packages[tile.index]
        said = f"{package.name} {package.version}: {megabytes(package.size)}"
        x, y = tile.x, tile.y + top + HEADING
        parts.append(
            f'<g><title>{_text(said)}</title><rect x="{x:.1f}" y="{y:.1f}" '
            f'width="{tile.width:.1f}" height="{tile.height:.1f}" fill="{_colour(package.name)}" '
            f'stroke="#fbfbfa"/>{_label(package.name, package.size, tile, y)}</g>'
        )
    return "".join(parts)


def _label(name: str, size: int, tile: Tile, y: float) -> str:
    letters = int((tile.width - 10) / LETTER)
    if letters < 3 or tile.height < 18:
        return ""
    short = name if len(name) <= letters else name[: letters - 1] + "…"
    x = f"{tile.x + 5:.1f}"
    text = f'<text x="{x}" y="{y + 15:.1f}" fill="#fff">{_text(short)}</text>'
    if tile.height >= 36 and len(megabytes(size)) <= letters:
        text += f'<text x="{x}" y="{y + 31:.1f}" fill="#fff">{megabytes(size)}</text>'
    return text


def _colour(name: str) -> str:
    return f"hsl({zlib.crc32(name.encode()) % 360} 45% 31%)"


def _text(text: str) -> str:
    return html.escape(clean(text))
