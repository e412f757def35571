"""What can be done about a layer's size, for people and machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.markup import escape

from builder.report.tables import megabytes, new_table, show
from builder.sizes.advice import Advice

LONGEST_WRITE = 300
"""Characters of what to write that are shown where it is not enough; ``--json`` has all."""


def show_advice(advice: Sequence[Advice]) -> None:
    """Write what can be done, with what it saves."""
    if not advice:
        return
    table = new_table("", "saves", "fits then", "what to do", title="What can be done")
    for each in advice:
        saves = megabytes(each.saves) if each.saves else ""
        table.add_row(each.kind, saves, "[green]yes[/]" if each.fits else "", _text(each))
    show(table, "")


def _text(advice: Advice) -> str:
    text = escape(advice.text)
    if advice.write:
        is_shown = len(advice.write) <= LONGEST_WRITE or advice.fits
        short = advice.write if is_shown else "see `write` in --json"
        text += f"\n[dim]{escape(short)}[/]"
    return text + (f"\n[dim]source: {escape(advice.source)}[/]" if advice.source else "")


def advice_fields(advice: Sequence[Advice]) -> list[dict[str, Any]]:
    """Return what machines read of it."""
    return [asdict(each) for each in advice]
