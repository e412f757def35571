"""Known vulnerabilities of a layer, for people and machines."""

from __future__ import annotations

from dataclasses import asdict

from rich.markup import escape

from builder.errors import ArtifactError
from builder.operations.audit import Audit
from builder.report.starts import as_fields, show_starts
from builder.report.tables import new_table, plural, show, show_json


def show_audit(name: str, found: Audit, *, as_json: bool) -> None:
    """Write what was found; raise ArtifactError if that is anything."""
    if as_json:
        vulnerabilities = [asdict(each) for each in found.found]
        version, packages = found.release.version, found.packages
        show_json({"layer": name, "version": version, "packages": packages,
                   "vulnerabilities": vulnerabilities,
                   "at_start": as_fields(found.at_start)})  # fmt: skip
    else:
        show_starts(found.at_start)
    if found.found and not as_json:
        table = new_table("package", "version", "known as", "fixed in", "")
        for each in found.found:
            names = ", ".join([each.id, *each.aliases])
            where = "" if each.in_layer else "(build only) "
            fixed = ", ".join(each.fixed_in) or "-"
            row = (each.package, each.version, names, fixed, where + each.summary)
            table.add_row(*map(escape, row))
        show(table)
    if found.found:
        affected = sorted({f"{each.package} {each.version}" for each in found.found})
        raise ArtifactError(
            f"version {found.release.version} of {name} has "
            f"{len(found.found)} known vulnerabilit{'y' if len(found.found) == 1 else 'ies'}",
            where=", ".join(affected),
            expected=f"none in {plural(found.packages, 'package')}",
            fix="allow a version that is fixed, plan and apply; lambda-layer explain NAME PACKAGE "
            "says who asks for it",
        )
