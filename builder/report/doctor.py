"""What the doctor found, for people and machines."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict

from rich.markup import escape

from builder.operations.doctor import PROBLEM, Finding
from builder.report.console import GAP, SafeConsole
from builder.report.tables import plural, show, show_json, styled

NARROWEST = 30
"""Characters that a line of text has at least; the terminal wraps what is longer than itself."""


def _wrapped(text: str, indent: int) -> list[str]:
    """Return a text in lines that fit beside the columns; paths, ARNs and URLs stay whole."""
    console = SafeConsole()
    width = max(console.width - indent, NARROWEST) if console.is_terminal else sys.maxsize
    return [
        escape(part)
        for line in text.splitlines()
        for part in textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)
    ]


def show_findings(findings: Sequence[Finding], *, as_json: bool) -> None:
    """Write the findings, each with its fix."""
    if as_json:
        show_json([asdict(finding) for finding in findings])
        return
    verdicts, subjects = (
        max((len(text) for text in texts), default=0)
        for texts in ([f.verdict for f in findings], [f.subject for f in findings])
    )
    indent = verdicts + subjects + 2 * GAP
    for finding in findings:
        mark = styled(finding.verdict) + " " * (verdicts - len(finding.verdict) + GAP)
        lines = _wrapped(finding.seen, indent) or [""]
        if finding.fix:
            first, *rest = _wrapped(f"fix: {finding.fix}", indent)
            lines += [first.replace("fix:", "[bold]fix:[/]", 1), *rest]
        show(mark + escape(finding.subject.ljust(subjects + GAP)) + lines[0])
        show(*(" " * indent + line for line in lines[1:]))
    problems = sum(finding.verdict == PROBLEM for finding in findings)
    show(f"\n{plural(problems, 'problem')}" if problems else "\nnothing is wrong")
