from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as Xml

import pytest

from builder.report.treemap import HEADING, HEIGHT, WIDTH, layout, svg
from tests.builder.sizes.layers import CHROMA, sized


@pytest.mark.parametrize("sizes", [[1], [6, 6, 4, 3, 2, 2, 1], [10**9, 1], [5] * 300, [3, 0, 2]])
def test_areas_are_as_the_sizes_and_tiles_neither_overlap_nor_leave(sizes: list[float]) -> None:
    tiles = layout(sizes, 600, 400)
    assert sorted(tile.index for tile in tiles) == [i for i, size in enumerate(sizes) if size]
    for tile in tiles:
        share = tile.width * tile.height / (600 * 400)
        assert share == pytest.approx(sizes[tile.index] / sum(sizes), rel=1e-6)
        assert tile.x >= -1e-6
        assert tile.x + tile.width <= 600 + 1e-6
        assert tile.y + tile.height <= 400 + 1e-6
    for one in tiles:
        for other in tiles:
            apart = (
                one is other
                or one.x + one.width <= other.x + 1e-6
                or other.x + other.width <= one.x + 1e-6
                or one.y + one.height <= other.y + 1e-6
                or other.y + other.height <= one.y + 1e-6
            )
            assert apart


def test_tiles_are_about_square_where_they_can_be() -> None:
    tiles = layout([6, 6, 4, 3, 2, 2, 1], 600, 400)
    assert max(max(t.width / t.height, t.height / t.width) for t in tiles) < 3


def test_nothing_has_no_tiles() -> None:
    assert layout([], 600, 400) == []
    assert layout([0, 0], 600, 400) == []


def test_the_picture_is_xml_with_every_package_and_the_verdict() -> None:
    picture = Xml.fromstring(svg(sized("chroma", CHROMA, targets=2)))
    assert picture.get("viewBox") == f"0 0 {WIDTH} {2 * (HEIGHT + HEADING)}"
    text = "".join(picture.itertext())
    assert "too large" in text
    assert text.count("onnx 1.0: 128.0 MB") == 2


def test_a_hostile_name_is_text_in_the_picture() -> None:
    layer = sized("a", {"a": (9, "")})
    package = replace(layer.targets[0].packages[0], version='"/><script>alert(1)</script>\x1b')
    target = replace(layer.targets[0], packages=(package,))
    picture = svg(replace(layer, targets=(target,)))
    assert "<script" not in picture
    Xml.fromstring(picture)
