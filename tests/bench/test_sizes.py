from __future__ import annotations

import pytest

from bench import size_analysis
from bench.sizes import BEGIN, END, PAGE, SETS, Pair, page_part, replaced
from builder.sizes.advice import advise
from tests.builder.conftest import spec_of
from tests.builder.sizes.layers import CHROMA, sized


def test_the_error_is_a_share_of_what_was_built() -> None:
    pair = Pair("web", "python3.12 on arm64", 98, 100, 55, 50)
    assert pair.error == pytest.approx(-0.02)
    assert pair.zip_error == pytest.approx(0.1)


def test_the_page_gets_the_distribution_and_every_set() -> None:
    pairs = [Pair(f"s{n}", "here", 100 + n, 100, 100, 100) for n in range(5)]
    part = page_part(pairs, {"odd": "not built"})
    assert "| within 2 % | 3 | 5 |" in part
    assert "| largest | 4.000% | 0.00% |" in part
    assert "| s4 | here | 104 | 100 | +4.000% |" in part
    assert "odd (not built)" in part
    page = replaced(f"before\n{BEGIN}\nold\n{END}\nafter\n", part)
    assert page.startswith("before\n")
    assert page.endswith(f"{END}\nafter\n")
    assert "old" not in page
    assert replaced(page, part) == page


def test_the_page_has_the_marks_of_both() -> None:
    text = PAGE.read_text("utf-8")
    marks = [size_analysis.BEGIN, size_analysis.END, BEGIN, END]
    assert [text.count(mark) for mark in marks] == [1, 1, 1, 1]
    assert len(SETS) >= 40


def test_a_culprit_that_is_gone_is_said_to_be_gone() -> None:
    layer = sized("chromadb", {"chromadb": (60, "onnxruntime"), "onnxruntime": (75, "")})
    rows = size_analysis._culprits(layer)
    assert "| onnxruntime | 128 MB | 75.0 MB | only because of chromadb |" in rows
    assert "| sympy | 72 MB | gone | nothing needs it any more |" in rows
    advice = size_analysis._advice(advise(sized("chroma", CHROMA), spec_of()))
    assert "| 200.0 MB | yes |" in "\n".join(advice)
    assert size_analysis._advice(()) == ["Nothing has to be done."]
