"""What commands share: the options before the command, and those of several commands."""

from __future__ import annotations

import io
import select
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder.errors import LayerError
from builder.report.terminal import clean, echo
from builder.spec.config_file import find_config

if TYPE_CHECKING:  # what calls AWS is imported when it is to be called: boto3 takes half a second
    from builder.aws.session import Session
    from builder.hybrid.service import Service
    from builder.layer.layer import Layer
    from builder.spec.layers_toml import Config

AS_JSON = "lambda-layer.json"
"""Where a command notes that it was asked for JSON."""

LEFT = "lambda-layer.left"
"""Where a command notes what an interrupt would leave, which is said behind it."""

BUILD_GOES_ON = "a running build goes on, run it again to join it"


@dataclass(frozen=True)
class Setting:
    """What the options before the command say."""

    config: Path
    profile: str
    role_arn: str
    region: str
    debug: bool
    app: str = ""

    def load(self) -> Config:
        """Read layers.toml, of the application that the option names if it names one."""
        from builder.spec.layers_toml import load_config

        return load_config(self.config).called(self.app)

    def session(self, config: Config) -> Session:
        """Return a session where the options, or else layers.toml, say."""
        from builder.aws.session import Credentials, Session

        return Session(Credentials(self.profile, self.role_arn), self.region or config.app.region)

    def layers(self, names: tuple[str, ...]) -> list[Layer]:
        """Return the layers named, or all of them, connected to AWS."""
        from builder.layer.connected import layers_at

        config = self.load()
        specs = tuple(config.layer(name) for name in names) if names else config.layers
        return layers_at(config.app, specs, self.config.parent.resolve(), self.session(config))

    def layers_among(self, names: tuple[str, ...]) -> list[Layer]:
        """Return the layers named, or all of them; services are left out."""
        config = self.load()
        layers = {layer.name for layer in config.layers}
        wanted = [name for name in names if name in layers or config.service(name) is None]
        return self.layers(tuple(wanted)) if wanted or not names else []

    def services(self, names: tuple[str, ...]) -> list[Service]:
        """Return the services named, or all of them, connected to AWS; layers are left out."""
        from builder.hybrid.service import services_at

        config = self.load()
        chosen = [one for one in config.services if not names or one.name in names]
        return services_at(config.app, chosen, self.session(config)) if chosen else []

    def service(self, name: str) -> Service:
        """Return the service of that name, connected to AWS; raise SpecError if there is none."""
        self.load().known_service(name)
        return self.services((name,))[0]

    def service_or_layer(self, name: str, *, asked: bool) -> Service | None:
        """Return the service of that name, None if a layer is meant: then the layer is looked for.

        Of a layer and a service of one name the service is meant if it is ``asked`` for. Raise
        SpecError if it is asked for and there is none.
        """
        config = self.load()
        layer_too = any(layer.name == name for layer in config.layers)
        if not asked and (layer_too or config.service(name) is None):
            return None
        return self.service(name)

    def neighbours(self, layers: Sequence[Layer]) -> list[Layer]:
        """Return the other layers of layers.toml for functions that these layers name."""
        from builder.sizes.together import neighbours

        others = neighbours([layer.spec for layer in layers], self.load().layers)
        return self.layers(tuple(spec.name for spec in others)) if others else []

    def layer(self, name: str) -> tuple[Layer, Session]:
        """Return the layer of that name, and the session that it is connected with."""
        from builder.layer.connected import layers_at

        config = self.load()
        session = self.session(config)
        root = self.config.parent.resolve()
        return layers_at(config.app, (config.layer(name),), root, session)[0], session


def complete_layers(ctx: click.Context, _argument: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of layers that begin so, for the shell; none where they cannot be read."""
    return _names(ctx, incomplete, services=False)


def complete_services(ctx: click.Context, _argument: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of services that begin so, for the shell."""
    return _names(ctx, incomplete, layers=False)


def complete_both(ctx: click.Context, _argument: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of layers and services that begin so, for the shell."""
    return list(dict.fromkeys(_names(ctx, incomplete)))


def _names(
    ctx: click.Context, incomplete: str, *, layers: bool = True, services: bool = True
) -> list[str]:
    from builder.spec.layers_toml import load_config

    above = ctx.find_root().params.get("config")
    try:
        config = load_config(Path(above) if above else find_config(Path.cwd()))
    except LayerError:
        return []
    found = [layer.name for layer in config.layers if layers]
    found += [service.name for service in config.services if services]
    return [name for name in found if name.startswith(incomplete)]


def _note_json(ctx: click.Context, _option: click.Parameter, value: bool) -> bool:
    ctx.meta[AS_JSON] = value  # errors are shown by the group, which does not see this option
    return value


as_json = click.option(
    "--json", "as_json", is_flag=True, callback=_note_json, help="Write JSON for machines."
)
of_release = click.option(
    "--release",
    "version",
    type=click.IntRange(min=1),
    metavar="VERSION",
    help="Of which version of the layer; default: the current one.",
)
yes = click.option("--yes", is_flag=True, help="Do not ask.")
of_service = click.option(
    "--service", "is_service", is_flag=True, help="The service, where a layer has the same name."
)
layer_name = click.argument("name", shell_complete=complete_layers)
service_name = click.argument("name", shell_complete=complete_services)
either_name = click.argument("name", shell_complete=complete_both)
names = click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete_layers)
either_names = click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete_both)


def pass_setting(command: Callable[..., None]) -> Callable[..., None]:
    """Hand the options before the command to it."""
    return click.pass_obj(command)


def need_answer(*, yes: bool) -> None:
    """Raise LayerError when :func:`confirm` will have no answer: before long work, not behind it.

    What is piped into the command is an answer; a pipe in which nothing is yet may become one.
    """
    if yes or sys.stdin.isatty():
        return
    try:
        at_hand = bool(select.select([sys.stdin], [], [], 0)[0])
    except (OSError, ValueError):  # no file of the system
        return
    buffer = sys.stdin.buffer
    if at_hand and isinstance(buffer, io.BufferedReader) and not buffer.peek(1):
        raise _unanswered()


def confirm(question: str, *, yes: bool) -> None:
    """Ask on the terminal unless ``yes``; abort for any other answer.

    Raise LayerError when there is nothing to answer with.
    """
    if yes:
        return
    try:
        # On stderr: stdout may be read by a machine.
        agreed = click.confirm(clean(question), err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        echo(err=True)
        raise _unanswered() from None
    if not agreed:
        raise click.Abort


def _unanswered() -> LayerError:
    return LayerError(
        "nothing was done, because the question has no answer",
        where="standard input, which is no terminal",
        expected="y or n",
        fix="add --yes to the command",
    )
