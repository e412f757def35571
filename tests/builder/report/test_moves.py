import json

import pytest

from builder.functions.move import Moves
from builder.functions.mover import Move, MoveOutcome
from builder.report.moves import show_moves
from tests.builder.report.samples import LAYER, RELEASE

MOVES = Moves(
    f"{RELEASE.layer_arn[:-1]}3",
    (
        Move("api", MoveOutcome.MOVED, 2),
        Move("new", MoveOutcome.MOVED),
        Move("image", MoveOutcome.FAILED, why="it is a container [image]"),
    ),
    {"legacy": 1},
)


def test_what_became_of_each_function_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    show_moves(LAYER, MOVES, as_json=False)

    _, api, new, image, legacy = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert api == ["api", "moved", "2", "3"]
    assert new == ["new", "moved", "-", "3"]
    assert image == ["image", "failed", "-", "-", "it", "is", "a", "container", "[image]"]
    assert legacy[:4] == ["legacy", "behind", "1", "-"]


def test_moves_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    show_moves(LAYER, MOVES, as_json=True)

    found = json.loads(capsys.readouterr().out)
    assert found["layer_arn"].endswith(":3")
    assert found["functions"][0] == {
        "function": "api", "outcome": "moved", "from": 2, "why": "",
    }  # fmt: skip
    assert (found["behind"], found["not_searched"]) == ({"legacy": 1}, "")
