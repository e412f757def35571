from __future__ import annotations

import pytest

from builder.report.size_advice import advice_fields, show_advice
from builder.sizes.advice import Advice


def test_what_is_enough_is_shown_with_all_that_is_to_be_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    long = 'exclude = ["' + "a" * 400 + '"]'
    show_advice([
        Advice("leave-out", "numpy", 5_000_000, False, long),
        Advice("together", "both [x]", 9_000_000, True, long, "a book"),
    ])  # fmt: skip
    out = capsys.readouterr().out
    assert out.count(long) == 1
    assert "see `write` in --json" in out
    assert "both [x]" in out
    assert "source: a book" in out
    show_advice([])
    assert capsys.readouterr().out == ""


def test_machines_read_all_of_it() -> None:
    (fields,) = advice_fields([Advice("slim", "docs", 1, True, "slim = []")])
    assert fields == {
        **{"kind": "slim", "text": "docs", "saves": 1},
        **{"fits": True, "write": "slim = []", "source": ""},
    }  # fmt: skip
