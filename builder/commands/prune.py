"""`lambda-layer prune`: delete what is old and not in use."""

from __future__ import annotations

import click

from builder import report
from builder.commands.options import (
    Setting,
    as_json,
    either_name,
    of_service,
    pass_setting,
)
from builder.operations.service_leftovers import delete as delete_leftovers
from builder.operations.service_leftovers import leftovers_of
from builder.release.leftovers import sweep
from builder.release.prune import freed, pruning_of
from builder.release.prune import prune as delete
from builder.report.prune import show_pruning
from builder.report.services import show_leftovers
from builder.spec.app_spec import AppSpec


@click.command()
@either_name
@click.option(
    "--keep",
    metavar="N",
    type=click.IntRange(min=1),
    help="How many versions (of a service: images) are left, the current one among them; default: "
    "keep in layers.toml.",
)
@click.option(
    "--adopted",
    is_flag=True,
    help="Delete also what others had published before the layer was taken over.",
)
@of_service
@click.option("--yes", is_flag=True, help="Delete them; without it nothing is.")
@as_json
@pass_setting
def prune(
    setting: Setting,
    name: str,
    *,
    keep: int | None,
    adopted: bool,
    is_service: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Delete old versions of a layer, with their artifacts, that no function uses.

    Without --yes it only shows what would go, and why the others stay. Whatever the number: the
    current version stays, a pinned one, one that a function of this account and region has ($LATEST
    or any published version), and what was not published by us. With --adopted those of others go
    too that are older than the current one, that no function has and that are shared with no other
    account. With --yes, versions of retired layers go too that functions had when these were
    retired, and have no more.

    Of a service go snapshots that its state does not name, and revisions of its task definition
    that were deregistered. With --keep images go, too, that were pushed before the one that
    layers.toml names, that no task runs and none can be started from.

    \b
    Example: lambda-layer prune web --keep 5 --yes
             lambda-layer prune web --keep 5 --adopted
             lambda-layer prune chroma --keep 2 --yes
    """
    service = setting.service_or_layer(name, asked=is_service)
    if service is not None:
        if adopted:
            raise click.UsageError(f"--adopted is of layers, and {name} is a service")
        if keep and service.spec.layer:
            layer_name = service.spec.layer
            raise click.UsageError(
                f"the images of {name} are those of its layer: lambda-layer prune {layer_name} "
                f"--keep {keep}"
            )
        if keep and service.spec.image:
            raise click.UsageError(f"the image of {name} is not in a repository of its own")
        leftovers = leftovers_of(service, keep)
        if yes:
            delete_leftovers(leftovers, report.progress(name))
        show_leftovers(leftovers, done=yes, as_json=as_json)
        return
    layer, _ = setting.layer(name)
    keep = keep or layer.spec.keep
    if not keep:
        raise click.UsageError(f"say how many: --keep N, or keep = N in [layers.{name}]")
    pruning = pruning_of(layer, keep, adopted=adopted)
    size = freed(layer, pruning)
    if yes:
        delete(layer, pruning, report.progress(name))
        sweep(
            layer.services, AppSpec(layer.app), report.progress(name), layer.services.functions.uses
        )
    show_pruning(layer, pruning, size, done=yes, as_json=as_json)
