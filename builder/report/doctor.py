"""What the doctor found, for people and machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from rich.markup import escape

from builder.operations.doctor import PROBLEM, Finding
from builder.report.tables import new_table, plural, show, show_json, styled


def show_findings(findings: Sequence[Finding], *, as_json: bool) -> None:
    """Write the findings, each with its fix."""
    if as_json:
        show_json([asdict(finding) for finding in findings])
        return
    table = new_table("", "", "")
    table.show_header = False
    for finding in findings:
        fix = f"\n[bold]fix:[/] {escape(finding.fix)}" if finding.fix else ""
        table.add_row(styled(finding.verdict), escape(finding.subject), escape(finding.seen) + fix)
    show(table)
    problems = sum(finding.verdict == PROBLEM for finding in findings)
    show(f"\n{plural(problems, 'problem')}" if problems else "\nnothing is wrong")
