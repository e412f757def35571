"""`lambda-layer prune`: delete old versions that are not in use."""

from __future__ import annotations

import click

from builder import report
from builder.commands.options import Setting, as_json, layer_name, pass_setting, yes
from builder.release.leftovers import sweep
from builder.release.prune import freed, pruning_of
from builder.release.prune import prune as delete
from builder.report.prune import show_pruning
from builder.spec.app_spec import AppSpec


@click.command()
@layer_name
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    help="How many versions are left, the current one among them; default: keep in layers.toml.",
)
@yes
@as_json
@pass_setting
def prune(setting: Setting, name: str, *, keep: int | None, yes: bool, as_json: bool) -> None:
    """Delete old versions of a layer, with their artifacts, that no function uses.

    Without --yes it only shows what would go, and why the others stay. Whatever the number: the
    current version stays, a pinned one, one that a function of this account and region has ($LATEST
    or any published version), and what was not published by us. With --yes, versions of retired
    layers go too that functions had when these were retired, and have no more.

    \b
    Example: lambda-layer prune web --keep 5 --yes
    """
    layer, _ = setting.layer(name)
    keep = keep or layer.spec.keep
    if not keep:
        raise click.UsageError(f"say how many: --keep N, or keep = N in [layers.{name}]")
    pruning = pruning_of(layer, keep)
    size = freed(layer, pruning)
    if yes:
        delete(layer, pruning, report.progress(name))
        sweep(layer.services, AppSpec(layer.app), report.progress(name))
    show_pruning(layer, pruning, size, done=yes, as_json=as_json)
