from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.advice import BEGIN, END, SETS, Followed, _once, applied, chosen, page_part
from bench.sizes import PAGE
from builder.sizes.advice import Advice
from builder.spec.layer_spec import LayerSpec

SPEC = LayerSpec("web", ("3.11", "3.12"), "arm64", dependencies=("a", "b"), exclude=("/x/",))
FOLLOWED = Followed("web", 400, "slim", "tests", fits=True, predicted=100, built=100)


@pytest.mark.parametrize(
    ("write", "specs"),
    [
        ('slim = ["tests", "docs"]', [replace(SPEC, slim=("tests", "docs"))]),
        ('exclude = ["/a/"]', [replace(SPEC, exclude=("/x/", "/a/"))]),
        ('dependencies = ["c"]', [replace(SPEC, dependencies=("c",))]),
        (
            'dependencies = ["a"]\ndependencies = ["b"]',
            [replace(SPEC, dependencies=("a",)), replace(SPEC, dependencies=("b",))],
        ),
        (
            'split = "target"',
            [replace(SPEC, python=("3.11",)), replace(SPEC, python=("3.12",))],
        ),
    ],
)
def test_what_is_to_be_written_is_what_is_built(write: str, specs: list[LayerSpec]) -> None:
    assert applied(SPEC, Advice("any", "", write=write)) == specs


def test_of_each_kind_the_first_that_can_be_written_is_followed() -> None:
    advice = [
        Advice("leave-out", "has to stay", 9),
        Advice("leave-out", "one", 8, write="exclude = []"),
        Advice("leave-out", "two", 7, write="exclude = []"),
        Advice("container", "10 GB"),
        Advice("slim", "tests", 1, write="slim = []"),
    ]
    assert [each.text for each in chosen(advice)] == ["one", "tests"]


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ({}, True),
        ({"built": 101}, True),
        ({"built": 103}, False),
        ({"refused": "it cannot be imported"}, False),
        ({"predicted": 270_000_000, "built": 270_000_000}, False),
        ({"predicted": 270_000_000, "built": 270_000_000, "fits": False}, True),
    ],
)
def test_an_advice_came_true_if_it_was_built_as_large_and_fits_where_that_was_said(
    changed: dict[str, object], kept: bool
) -> None:
    assert replace(FOLLOWED, **changed).kept is kept  # type: ignore[arg-type]


def test_a_run_that_was_ended_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[LayerSpec] = []
    sizes = {"slim": 100, "exclude": 300}

    def build(followed: Followed, spec: LayerSpec, root: Path) -> Followed:
        built.append(spec)
        return replace(followed, built=sizes[followed.kind])

    monkeypatch.setattr("bench.advice._built", build)
    spec = replace(SPEC, exclude=())
    true = Followed("web", 400, "slim", "tests", fits=True, predicted=100)
    not_true = replace(true, kind="exclude")

    def once(followed: Followed, spec: LayerSpec = spec) -> int:
        return _once(followed, spec, tmp_path, tmp_path / "kept").built

    assert [once(true), once(true), len(built)] == [100, 100, 1]
    once(replace(true, predicted=99))
    once(true, replace(spec, dependencies=("a",)))
    assert len(built) == 3, "what is predicted or asked for otherwise is built"
    assert [once(not_true), once(not_true), len(built)] == [300, 300, 5]


def test_the_page_has_a_row_for_each_and_its_marks() -> None:
    refused = replace(FOLLOWED, kind="leave-out", said="b: one", built=0, refused="no module b")
    part = page_part([FOLLOWED, refused], {"arrow": "nothing to write is advised"})
    assert part.startswith("1 of 2 came true.\n")
    assert "| web | 400 | slim: tests | 100 | 100 | +0.000% | yes, yes |" in part
    assert "| web | 400 | leave-out: b | 100 | refused |  | no module b |" in part
    assert "Not followed: arrow (nothing to write is advised)." in part
    text = PAGE.read_text("utf-8")
    assert (text.count(BEGIN), text.count(END)) == (1, 1)
    assert len(SETS) >= 10
