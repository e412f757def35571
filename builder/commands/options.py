"""What commands share: the options before the command, and those of several commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from builder.aws.session import Credentials, Session
from builder.layer.layer import Layer, layers_at
from builder.report.terminal import clean
from builder.spec.layers_toml import Config, load_config

AS_JSON = "lambda-layer.json"
"""Where a command notes that it was asked for JSON."""


@dataclass(frozen=True)
class Setting:
    """What the options before the command say."""

    config: Path
    credentials: Credentials
    region: str
    debug: bool

    def load(self) -> Config:
        """Read layers.toml."""
        return load_config(self.config)

    def session(self, config: Config) -> Session:
        """Return a session where the options, or else layers.toml, say."""
        return Session(self.credentials, self.region or config.app.region)

    def layers(self, names: tuple[str, ...]) -> list[Layer]:
        """Return the layers named, or all of them, connected to AWS."""
        config = self.load()
        specs = tuple(config.layer(name) for name in names) or config.layers
        return layers_at(config.app, specs, self.config.parent.resolve(), self.session(config))

    def layer(self, name: str) -> tuple[Layer, Session]:
        """Return the layer of that name, and the session that it is connected with."""
        config = self.load()
        session = self.session(config)
        root = self.config.parent.resolve()
        return layers_at(config.app, (config.layer(name),), root, session)[0], session


def _note_json(ctx: click.Context, _option: click.Parameter, value: bool) -> bool:
    ctx.meta[AS_JSON] = value  # errors are shown by the group, which does not see this option
    return value


as_json = click.option(
    "--json", "as_json", is_flag=True, callback=_note_json, help="Write JSON for machines."
)
yes = click.option("--yes", is_flag=True, help="Do not ask.")
names = click.argument("names", metavar="[NAME]...", nargs=-1)


def pass_setting(command: Callable[..., None]) -> Callable[..., None]:
    """Hand the options before the command to it."""
    return click.pass_obj(command)


def confirm(question: str, *, yes: bool) -> None:
    """Ask on the terminal unless ``yes``; abort for any other answer."""
    if not yes:
        # On stderr: stdout may be read by a machine.
        click.confirm(clean(question), abort=True, err=True)
