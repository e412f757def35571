"""What a trial on this machine has shown."""

from __future__ import annotations

from typing import Any

from rich.markup import escape

from builder.report.sizes import SHOWN, bar, bar_columns
from builder.report.tables import megabytes, new_table, plural, show, show_json
from builder.sizes.trial import Trial


def show_trial(trial: Trial) -> None:
    """Write sizes, where the zip is, and what only CodeBuild can tell."""
    largest = sorted(trial.packages, key=lambda package: -package[2])
    bars = bar_columns()
    table = new_table("package", "version", "unzipped", *bars)
    most = largest[0][2] if largest else 0
    for name, version, size in largest[:SHOWN]:
        table.add_row(
            escape(name), escape(version), megabytes(size), *(bar(size, most) for _ in bars)
        )
    rest = largest[SHOWN:]
    if rest:
        table.add_row(f"{len(rest)} more", "", megabytes(sum(size for *_, size in rest)))
    show(table)
    verdict = "[green]fits[/]" if trial.fits else "[red]too large[/]"
    show(
        f"{verdict}: {trial.size:,} bytes unzipped, {trial.size / trial.limit:.0%} of "
        f"{trial.limit:,}; {megabytes(trial.packed)} zipped, {plural(trial.files, 'file')}"
    )
    show(f"left in {escape(str(trial.folder))}: for looking; nothing was published")
    show("", "[bold]What only CodeBuild can tell[/]")
    for line in trial.only_there:
        show(f"- {escape(line)}")
    if not trial.only_there:
        show("- nothing more: all modules were imported by the target's own interpreter version")


def show_trial_json(trial: Trial) -> None:
    """Write the same for machines."""
    show_json(trial_fields(trial))


def trial_fields(trial: Trial) -> dict[str, Any]:
    """Return what machines read of a trial, sizes in bytes."""
    return {
        "name": trial.name,
        "folder": str(trial.folder),
        "fits": trial.fits,
        "limit": trial.limit,
        "unzipped_size": trial.size,
        "zipped_size": trial.packed,
        "files": trial.files,
        "packages": [
            {"name": name, "version": version, "unzipped_size": size}
            for name, version, size in trial.packages
        ],
        "notes": list(trial.notes),
        "only_codebuild_can_tell": list(trial.only_there),
    }
