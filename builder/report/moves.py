"""What became of the functions of a layer."""

from __future__ import annotations

from typing import Any

from rich.markup import escape

from builder.functions.move import Moves
from builder.functions.mover import Move, MoveOutcome
from builder.layer.layer import Layer
from builder.report.tables import new_table, show, show_json, styled


def show_moves(layer: Layer, moves: Moves, *, as_json: bool) -> None:
    """Write what became of each function of a layer."""
    version = moves.layer_arn.rpartition(":")[2]
    if as_json:
        show_json(
            {
                "layer": layer.name,
                "layer_arn": moves.layer_arn,
                "functions": [_move(move) for move in moves.results],
                "behind": dict(moves.behind),
                "not_searched": moves.blind,
            }
        )
        return
    table = new_table("function", "outcome", "from", "to", "why")
    for move in moves.results:
        row = _move(move)
        there = version if move.outcome in {MoveOutcome.MOVED, MoveOutcome.ALREADY} else "-"
        before = str(move.before or "-")
        table.add_row(move.function, styled(row["outcome"]), before, there, escape(move.why))
    for name, used in sorted(moves.behind.items()):
        table.add_row(name, styled("behind"), str(used), "-", "functions does not name it")
    show(table)


def _move(move: Move) -> dict[str, Any]:
    return {
        "function": move.function,
        "outcome": str(move.outcome),
        "from": move.before,
        "why": move.why,
    }
