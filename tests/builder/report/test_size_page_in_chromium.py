"""The page as Chromium lays it out: ``CHROMIUM=chromium make quick`` runs these tests, too."""

from __future__ import annotations

import html
import json
import os
import random
import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from builder.report.size_page import size_page
from builder.sizes.advice import advise
from builder.sizes.model import FileSize, LayerSize
from tests.builder.conftest import spec_of
from tests.builder.sizes.layers import sized
from tests.patience import PATIENCE

CHROMIUM = os.environ.get("CHROMIUM", "")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="CHROMIUM names no browser")

FRAME = """<!doctype html><style>body{margin:0}iframe{border:0}</style>
<iframe id="f" style="width:%(width)spx;height:900px" srcdoc="%(page)s"></iframe>
<pre id="out"></pre>
<script>
const f = document.getElementById("f");
f.onload = () => setTimeout(() => {
  const d = f.contentDocument, all = (what) => [...d.querySelectorAll(what)];
  all("details").forEach((each) => { each.open = true; });
  const map = d.getElementById("map").getBoundingClientRect();
  const tiles = all("#map > button").map((t) => t.getBoundingClientRect());
  document.getElementById("out").textContent = JSON.stringify({
    over: d.documentElement.scrollWidth - d.documentElement.clientWidth,
    hidden: Math.max(0, ...all(".scroll").map((e) => e.scrollWidth - e.clientWidth)),
    narrowest: Math.min(...all("summary, .leafline").map((e) => e.clientWidth)),
    covered: tiles.reduce((sum, t) => sum + t.width * t.height, 0) / (map.width * map.height),
    tiles: tiles.length,
    rows: all("#table tbody tr").length,
    text: d.body.innerText,
  });
}, 200);
</script>"""


def laid_out(page: str, width: int, folder: Path) -> dict[str, Any]:
    """Return what Chromium measures of a page of this width."""
    file = folder / "frame.html"
    file.write_text(FRAME % {"width": width, "page": html.escape(page)}, "utf-8")
    ended = subprocess.run(
        [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            f"--user-data-dir={folder / 'profile'}",
            *("--window-size=1700,1000", "--virtual-time-budget=5000", "--dump-dom"),
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    found = re.search(r'<pre id="out">(.*?)</pre>', ended.stdout, re.S)
    assert found is not None, ended.stderr[-2000:]
    measured: dict[str, Any] = json.loads(html.unescape(found[1]))
    return measured


def named(index: int) -> str:
    return f"azure-mgmt-{'very-' * 12}long-and-unbreakable{'x' * 60}-{index}"


def layer_of(count: int, pattern: str = "package-{}", *, deep: bool = False) -> LayerSize:
    chance = random.Random(4)
    sizes = sorted((min(90, int(chance.paretovariate(0.8))) for _ in range(count)), reverse=True)
    packages: Mapping[str, tuple[int, str]] = {
        pattern.format(n): (
            sizes[n],
            "|".join(
                pattern.format(m)
                for m in ([n + 1] if deep else range(3 * n + 1, 3 * n + 4))
                if m < count
            ),
        )
        for n in range(count)
    }
    return sized(pattern.format(0), packages)


LAYERS = {
    "1": layer_of(1),
    "50": layer_of(50),
    "300": layer_of(300),
    "deep": layer_of(60, deep=True),
    "long": replace(layer_of(40, named(0) + "-{}"), notes=("ü" * 300,)),
}


@pytest.mark.parametrize("width", [400, 1600])
@pytest.mark.parametrize("name", LAYERS)
def test_nothing_is_beside_the_page(name: str, width: int, tmp_path: Path) -> None:
    layer = LAYERS[name]
    found = laid_out(size_page([(layer, advise(layer, spec_of()))]), width, tmp_path)
    assert found["over"] == 0
    assert found["hidden"] == 0, "a table is wider than the page"
    assert found["narrowest"] >= 120
    assert found["covered"] > 0.97
    assert found["rows"] == len(layer.targets[0].packages)
    assert found["tiles"] >= min(found["rows"], 100)


def test_what_fits_has_nothing_that_makes_it_fit_and_names_cannot_turn_around(
    tmp_path: Path,
) -> None:
    layer = sized("a", {"a": (40, "b"), "b\u202egnp": (20, "")})
    files = (FileSize("a/\u202egnp.so", "a", 1_000_000, 1), *layer.targets[0].files)
    layer = replace(layer, targets=(replace(layer.targets[0], files=files),))
    found = laid_out(size_page([(layer, advise(layer, spec_of()))]), 400, tmp_path)
    assert "\\u202e" in found["text"]
    assert "\u202e" not in found["text"]
    assert "it fits then" not in found["text"]
