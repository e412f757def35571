"""`lambda-layer synth`: the Terraform JSON of a layers.toml."""

from __future__ import annotations

import sys

import click

from builder.commands.options import Setting, pass_setting
from builder.commands.synthesis import named, synthesis


@click.command("synth")
@click.option(
    "--bundle-sources",
    is_flag=True,
    help="Put the layers' sources beside the JSON, to apply it where there is no checkout.",
)
@pass_setting
def synth_command(setting: Setting, *, bundle_sources: bool) -> None:
    """Write the Terraform JSON of layers.toml into cdktf.out beside it.

    It is what `python main.py` does, without a main.py. It needs the extra `cdktf` and Node.js;
    applying what it writes needs neither. It calls nothing in AWS.

    \b
    Example: lambda-layer synth && cd cdktf.out/stacks/billing && terraform init
    """
    more = ["--bundle-sources"] if bundle_sources else []
    sys.exit(synthesis(setting.config, *named(setting.app), *more).returncode)
