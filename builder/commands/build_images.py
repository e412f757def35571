"""`lambda-layer build-images`: by which digests builds can pin their container images."""

from __future__ import annotations

import click

from builder.commands.options import Setting, as_json, pass_setting
from builder.images.registry import Registry
from builder.operations.build_images import pins
from builder.report.build_images import show_pins


@click.command("build-images")
@as_json
@pass_setting
def build_images(setting: Setting, *, as_json: bool) -> None:
    """Show the container images of builds with the digests that their tags have now.

    The images are those of `images` in layers.toml, or those that builds use without it. What it
    writes goes into [defaults], and pins them: run it again to follow the tags. It asks their
    registries as anyone, and AWS nothing.

    \b
    Example: lambda-layer build-images
    """
    show_pins(pins(setting.load().layers, Registry), as_json=as_json)
