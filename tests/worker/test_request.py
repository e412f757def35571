import json
from pathlib import Path
from typing import Any

import pytest

from builder.worker import request
from builder.worker.errors import BuildError

ONE = {
    "python": "3.12",
    "architecture": "arm64",
    "glibc": "2.34",
    "platform": "aarch64-manylinux_2_34",
}
TWO = {**ONE, "python": "3.13"}
GOOD = {"schema": 1, "layer": "a", "fingerprint": "f", "targets": [ONE], "dependencies": ["six"]}


def test_a_request_is_read_with_its_targets(tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text(json.dumps({**GOOD, "exclude": ["tests/"]}))

    read = request.read(tmp_path / "request.json")

    assert str(read.targets[0]) == "python3.12 on arm64"
    assert read.targets[0].machine == "aarch64"
    assert read.exclude == ("tests/",)
    assert read.package is None


def test_one_target_lies_flat_and_several_lie_apart() -> None:
    alone = request.parse(GOOD)
    both = request.parse({**GOOD, "targets": [ONE, TWO]})

    assert alone.prefix(alone.targets[0]) == "python"
    assert [both.prefix(t) for t in both.targets] == [
        "python/lib/python3.12/site-packages",
        "python/lib/python3.13/site-packages",
    ]


def test_the_part_of_one_target_lies_where_it_does_in_the_whole_layer() -> None:
    both = request.parse({**GOOD, "targets": [ONE, TWO]})

    part = both.only("python3.13")

    (target,) = part.targets
    assert part.prefix(target) == "python/lib/python3.13/site-packages"
    alone = request.parse(GOOD).only("python3.12")
    assert alone.prefix(alone.targets[0]) == "python"
    with pytest.raises(BuildError, match=r"no target 'python3\.9'") as caught:
        both.only("python3.9")
    assert caught.value.expected == "one of python3.12, python3.13"


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"targets": []},
        {"targets": [{**ONE, "architecture": "mips"}]},
        {"targets": [{**ONE, "python": "../3"}]},
        {"dependencies": []},
        {"dependencies": [1]},
        {"package": "../elsewhere"},
        {"package": 3},
        {"requirements": ["/etc/passwd"]},
    ],
)
def test_a_request_that_cannot_be_right_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text(json.dumps({**GOOD, **change}))

    with pytest.raises(BuildError, match="the request cannot be read"):
        request.read(tmp_path / "request.json")


def test_a_folder_without_a_request_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"no request\.json") as caught:
        request.read(tmp_path / "request.json")

    assert str(tmp_path) in caught.value.where
