"""Where the time of releases went, for people and machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich.markup import escape
from rich.table import Table

from builder.layer.steps import ORDER
from builder.operations.timing import BuildTiming, Timing
from builder.report.tables import new_table, show

COLUMNS = (
    ("queued", ("SUBMITTED", "QUEUED")),
    ("provisioning", ("PROVISIONING",)),
    ("source", ("DOWNLOAD_SOURCE",)),
    ("tools", ("INSTALL",)),
    ("build", ("PRE_BUILD", "BUILD", "POST_BUILD")),
    ("upload", ("UPLOAD_ARTIFACTS", "FINALIZING")),
)
"""CodeBuild's phases as columns (AWS CodeBuild user guide, "Build phase transitions"); our
buildspec installs the tools in INSTALL."""


def show_timing(found: Sequence[Timing]) -> None:
    """Write the phases of the last builds and the steps of the last releases, in seconds."""
    if any(timing.builds for timing in found):
        show("", _builds(found))
    if any(timing.steps for timing in found):
        show("", _steps(found))
    notes = list(_notes(found))
    if notes:
        show("", *notes)


def timing_fields(timing: Timing) -> dict[str, Any]:
    """Return what machines read of a layer's times, in seconds."""
    steps = timing.steps
    return {
        "builds": [asdict(build) for build in timing.builds],
        "unknown_builds": list(timing.gone),
        "release": {
            "version": timing.version,
            "steps": dict(steps.ordered),
            "seconds": round(steps.total, 3),
        }
        if steps
        else None,
    }


def _builds(found: Sequence[Timing]) -> Table:
    names = [name for name, _ in COLUMNS]
    table = new_table("layer", "for", "machine", *names, "in all", title="Builds, in seconds")
    for timing in found:
        for build in timing.builds:
            columns = (_seconds(build, phases) for _, phases in COLUMNS)
            machine = escape(build.environment.lower().replace("_container", ""))
            whole = f"{build.seconds:.0f}"
            table.add_row(timing.layer, escape(build.purpose), machine, *columns, whole)
    return table


def _seconds(build: BuildTiming, phases: Sequence[str]) -> str:
    known = [build.phases[name] for name in phases if name in build.phases]
    return f"{sum(known):.0f}" if known else "-"


def _steps(found: Sequence[Timing]) -> Table:
    title = "From the end of the build to the moved functions, in seconds"
    table = new_table("layer", "version", *ORDER, "in all", title=title)
    for timing in found:
        steps = timing.steps
        if steps is None:
            continue
        columns = (f"{steps.seconds[s]:.1f}" if s in steps.seconds else "-" for s in ORDER)
        table.add_row(timing.layer, f"{timing.version}", *columns, f"{steps.total:.1f}")
    return table


def _notes(found: Sequence[Timing]) -> Iterator[str]:
    for timing in found:
        for build in timing.gone:
            yield f"{timing.layer}: CodeBuild does not know build {escape(build)}"
        if not timing.builds and not timing.gone:
            yield f"{timing.layer}: no build is known"
