"""What the doctor finds: one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from builder.errors import LayerError

OK = "ok"
WARNING = "warning"
PROBLEM = "problem"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: its verdict, what was seen, and how to correct it."""

    subject: str
    verdict: str
    seen: str
    fix: str = ""


Check = Callable[[], Iterable[Finding]]


def found_by(check: Check, subject: str, verdict: str = PROBLEM) -> Iterator[Finding]:
    """Yield what a check finds; an error of it is a finding too."""
    try:
        yield from check()
    except LayerError as error:
        yield finding_of(error, subject, verdict)


def finding_of(error: LayerError, subject: str, verdict: str = PROBLEM) -> Finding:
    """Return what an error says as a finding."""
    seen = error.what.splitlines()[0] + (f" ({error.where})" if error.where else "")
    return Finding(subject, verdict, seen, error.fix)


def each_reason_once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings, of which those that are unknown for one reason name it once."""
    first: dict[str, str] = {}
    for finding in findings:
        if finding.verdict == UNKNOWN and finding.seen in first:
            yield replace(finding, seen=f"for the same reason as {first[finding.seen]}", fix="")
        else:
            first.setdefault(finding.seen, finding.subject)
            yield finding
