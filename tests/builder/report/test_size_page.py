from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from builder.report.size_page import size_page, tree
from builder.sizes.advice import Advice, advise
from builder.sizes.model import FileSize, LayerSize
from builder.sizes.together import Together
from tests.builder.conftest import spec_of
from tests.builder.sizes.layers import CHROMA, MB, sized


def data_of(page: str) -> dict[str, Any]:
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    found: dict[str, Any] = json.loads(text)
    return found


def test_the_page_holds_all_and_asks_no_one_for_anything() -> None:
    layer = sized("chroma", CHROMA)
    page = size_page([(layer, advise(layer, spec_of()))])
    data = data_of(page)
    assert data["verdict"] == "too large"
    (target,) = data["targets"]
    assert {p["n"]: p["s"] for p in target["packages"]}["onnx"] == 128 * MB
    assert target["needs"]["onnx"] == ["sympy", "numpy"]
    assert target["tree"]["s"] == layer.size
    assert any(each["kind"] == "leave-out" for each in data["advice"])
    assert "default-src 'none'" in page
    outside = re.findall(
        r"(?:src|href)=|url\(|@import|https?://", page.replace("/^(https|s3):/", "")
    )
    assert outside == []


def test_what_packages_call_themselves_cannot_become_markup() -> None:
    hostile = "</script><script>alert(1)</script><!--"
    layer = sized("a", {"a": (9, "")})
    package = replace(layer.targets[0].packages[0], version=hostile)
    target = replace(layer.targets[0], packages=(package,))
    bad = replace(layer, name=hostile, targets=(target,))
    page = size_page([(bad, [Advice("slim", hostile)])])
    assert "<script>alert" not in page
    assert data_of(page)["targets"][0]["packages"][0]["v"] == hostile


def test_names_that_turn_the_text_around_are_shown_as_escapes() -> None:
    layer = sized("a", {"a": (9, "")})
    files = (FileSize("a/\u202egnp.so", "a", 5 * MB, MB), *layer.targets[0].files)
    bad = replace(layer, targets=(replace(layer.targets[0], files=files),))
    page = size_page([(bad, [Advice("slim", "x\u200b\x1b", write="slim = []\nslim = []")])])
    assert "\\\\u202egnp.so" in page
    data = data_of(page)
    assert (data["advice"][0]["text"], data["advice"][0]["write"].count("\n")) == (
        "x\\u200b\\x1b",
        1,
    )


def test_folders_and_files_add_up_and_small_files_are_summed_up() -> None:
    layer = sized("a", {"a": (100, "")})
    many = tuple(FileSize(f"a/deep/f{n}.py", "a", 1000, 300) for n in range(500))
    target = replace(layer.targets[0], files=(*layer.targets[0].files, *many))

    def check(node: dict[str, Any]) -> None:
        if "c" in node:
            assert node["s"] == sum(child["s"] for child in node["c"])
            assert node["z"] == sum(child["z"] for child in node["c"])
            for child in node["c"]:
                check(child)

    found = tree(target)
    check(found)
    text = json.dumps(found)
    assert "500 small files" in text
    assert "f17.py" not in text


def test_several_layers_are_one_page_whose_targets_can_be_chosen() -> None:
    small, large = sized("a", {"a": (5, "")}), sized("chroma", CHROMA)
    data = data_of(size_page([(small, ()), (LayerSize("data", large.targets), ())]))
    assert data["said"].startswith("the largest of 2")
    assert [t["label"] for t in data["targets"]] == [
        "web: python3.12 on arm64",
        "data: python3.12 on arm64",
    ]


def test_the_other_layers_of_the_function_are_part_of_the_meter() -> None:
    layer = replace(sized("a", {"a": (90, "")}), shared=Together("api", ("web", "data"), 200 * MB))
    data = data_of(size_page([(layer, ())]))
    assert (data["size"], data["others"]) == (90 * MB, 110 * MB)
    assert any(note.startswith("function api gets web, data: 200,") for note in data["notes"])
