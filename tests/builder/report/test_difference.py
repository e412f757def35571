import json
from dataclasses import replace

import pytest

from builder.operations.diff import Difference, compare
from builder.report.difference import show_difference, signed
from tests.builder.operations.test_diff import NEW, OLD
from tests.builder.remembered import release_of
from tests.builder.report.samples import LAYER

FOUND = Difference(
    replace(release_of(1), unzipped_size=10_000_000),
    replace(release_of(2), unzipped_size=12_500_000),
    compare(OLD, NEW),
)


def test_packages_and_sizes_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    show_difference(LAYER, FOUND, as_json=False)

    said = capsys.readouterr().out
    assert "unzipped 10.0 MB -> 12.5 MB (+2.5 MB)" in said
    rows = [line.split() for line in said.splitlines()]
    assert ["attrs", "+", "added", "-", "25", "+70", "B"] in rows
    assert ["idna", "~", "changed", "3.1", "3.2", "+50", "B"] in rows
    assert ["rich", "-", "removed", "14", "-", "-500", "B"] in rows


def test_machines_get_the_kind_of_each_change(capsys: pytest.CaptureFixture[str]) -> None:
    show_difference(LAYER, FOUND, as_json=True)

    found = json.loads(capsys.readouterr().out)
    assert [(p["name"], p["kind"]) for p in found["packages"]] == [
        ("attrs", "added"), ("idna", "changed"), ("rich", "removed"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (-12, "-12 B"), (1500, "+1.5 kB"), (-2_500_000, "-2.5 MB")],
)
def test_a_difference_of_sizes_has_its_sign(size: int, text: str) -> None:
    assert signed(size) == text
