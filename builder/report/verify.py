"""What was proven of a layer, for people and machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from rich.markup import escape

from builder.errors import ArtifactError
from builder.operations.proof import PROVEN, UNPROVEN, WRONG, Finding
from builder.report.tables import new_table, plural, show, show_json

COLOURS = {PROVEN: "green", UNPROVEN: "yellow", WRONG: "red"}


def show_proof(name: str, version: int | None, found: Sequence[Finding], *, as_json: bool) -> None:
    """Write what was looked at; raise ArtifactError if something of it is wrong."""
    if as_json:
        findings = [asdict(finding) for finding in found]
        show_json({"layer": name, "version": version, "findings": findings})
    else:
        table = new_table("", "", "")
        table.show_header = False
        for finding in found:
            verdict = f"[{COLOURS[finding.verdict]}]{finding.verdict}[/]"
            table.add_row(verdict, escape(finding.subject), escape(finding.seen))
        show(table)
    wrong = [finding for finding in found if finding.verdict == WRONG]
    if wrong:
        raise ArtifactError(
            f"{name} is not what its documents say: {plural(len(wrong), 'comparison')} failed",
            where="\n".join(f"{finding.subject}: {finding.seen}" for finding in wrong),
            expected="a layer, and the documents that its build left of it",
            fix="find out who changed it; then lambda-layer build NAME --force",
        )
