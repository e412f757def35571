"""What pruning would do or did, for people and machines."""

from __future__ import annotations

from dataclasses import asdict

from rich.markup import escape

from builder.layer.layer import Layer
from builder.release.prune import Pruning, Verdict
from builder.report.tables import megabytes, new_table, plural, show, show_json


def show_pruning(layer: Layer, pruning: Pruning, size: int, *, done: bool, as_json: bool) -> None:
    """Write which versions go or went, why the others stay, and the bytes in the bucket."""
    if as_json:
        verdicts = [{**asdict(v), "goes": not v.stays} for v in pruning.verdicts]
        show_json({"layer": layer.name, "done": done, "freed": size, "versions": verdicts})
        return
    table = new_table("version", "published", "fingerprint", "", "because")
    for verdict in pruning.verdicts:
        table.add_row(
            str(verdict.version),
            verdict.published_at or "-",
            verdict.fingerprint[:12] or "-",
            _fate(verdict, done=done),
            escape(verdict.stays) or _why(verdict),
        )
    show(table)
    count = len(pruning.going)
    summary = f"{plural(count, 'version')} and {megabytes(size)} in the bucket"
    if done:
        show(f"\ndeleted {summary}")
    elif count:
        show(f"\n{summary} would go; run it again with --yes to delete them")
    else:
        show("\nnothing to delete")


def _fate(verdict: Verdict, *, done: bool) -> str:
    if verdict.stays:
        return "[green]stays[/]"
    return "[red]deleted[/]" if done else "[yellow]goes[/]"


def _why(verdict: Verdict) -> str:
    if verdict.gone:
        return "deleted in Lambda already"
    return "old, and no function has it" + ", published by others" * (not verdict.fingerprint)
