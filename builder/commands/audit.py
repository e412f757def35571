"""`lambda-layer audit`: known vulnerabilities of what is published."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from builder.commands.options import Setting, as_json, layer_name, pass_setting
from builder.operations.audit import audit as audit_release
from builder.operations.vulnerabilities import ask, look_up
from builder.report.audit import show_audit


@click.command()
@layer_name
@click.argument("version", metavar="[VERSION]", type=click.IntRange(min=1), required=False)
@click.option(
    "--database",
    type=click.Path(path_type=Path, exists=True),
    help="Ask nobody, and look into a copy of OSV's database: a zip or a folder of its JSON.",
)
@click.option("--osv-url", default="", help="A service that answers as OSV's query does.")
@as_json
@pass_setting
def audit(
    setting: Setting,
    name: str,
    version: int | None,
    *,
    database: Path | None,
    osv_url: str,
    as_json: bool,
) -> None:
    """Show the known vulnerabilities of a published version of a layer.

    Its SBOM says which packages it has, and which its build needed. Exit code 1 if there are any.

    \b
    Example: lambda-layer audit web
    """
    judge = partial(look_up, database=database) if database else partial(ask, url=osv_url)
    (layer,) = setting.layers((name,))
    show_audit(layer.name, audit_release(layer, version, judge), as_json=as_json)
