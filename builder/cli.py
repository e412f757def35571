"""The command line: `lambda-layer`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from builder import __version__, report
from builder.aws.services import connect
from builder.aws.session import Credentials, Session
from builder.buildlog import build_log
from builder.clock import Clock
from builder.config import Config, load_config
from builder.errors import LayerError
from builder.hook import Query, plan_hook, release_hook
from builder.layer import Layer
from builder.plan import CURRENT, plan
from builder.release import Order, ensure
from builder.retire import RETIRE_VARIABLE, Retirement, retire
from builder.site import layers_at

EXIT_CODES = """\b
Exit codes: 0 done; 1 an error, told on stderr; 2 wrong usage, or with
`plan --detailed-exitcode` a build is due; 130 interrupted."""


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

    def layers(self, names: tuple[str, ...]) -> list[Layer]:
        """Return the layers named, or all of them, connected to AWS."""
        config = self.load()
        specs = tuple(config.layer(name) for name in names) or config.layers
        session = Session(self.credentials, self.region or config.app.region)
        return layers_at(config.app, specs, self.config.parent.resolve(), session)


class Commands(click.Group):
    """The group that turns a LayerError into one message and exit code 1, in one place."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except LayerError as error:
            as_json = bool(ctx.meta.get(AS_JSON))
            report.show_error(error, as_json=as_json, debug=bool(ctx.params.get("debug")))
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo("interrupted; a running build goes on, run it again to join it", err=True)
            ctx.exit(130)


@click.group(
    cls=Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default="layers.toml",
    show_default=True,
    envvar="LAMBDA_LAYER_CONFIG",
    help="The file that describes the layers.",
)
@click.option("--profile", default="", help="AWS profile; default: the environment.")
@click.option(
    "--region", default="", help="AWS region; default: layers.toml, then the environment."
)
@click.option("--role-arn", default="", help="Role to assume first.")
@click.option("--debug", is_flag=True, envvar="LAMBDA_LAYER_DEBUG", help="Show tracebacks.")
@click.version_option(__version__, prog_name="lambda-layer")
@click.pass_context
def main(
    ctx: click.Context, config: Path, profile: str, region: str, role_arn: str, *, debug: bool
) -> None:
    """Build AWS Lambda layers for Python: planned, built in CodeBuild, checked, published once.

    \b
    Example: lambda-layer plan
             lambda-layer build web
    """
    ctx.obj = Setting(config, Credentials(profile, role_arn), region, debug)


def _note_json(ctx: click.Context, _option: click.Parameter, value: bool) -> bool:
    ctx.meta[AS_JSON] = value  # errors are told by the group, which does not see this option
    return value


as_json = click.option(
    "--json", "as_json", is_flag=True, callback=_note_json, help="Write JSON for machines."
)
names = click.argument("names", metavar="[NAME]...", nargs=-1)


def pass_setting(command: Callable[..., None]) -> Callable[..., None]:
    """Hand the options before the command to it."""
    return click.pass_obj(command)


@main.group("hook")
def hook() -> None:
    """Answer Terraform's `data "external"`: JSON on stdin, JSON on stdout.

    \b
    Example: lambda-layer hook plan < query.json
    """


@hook.command("plan")
def hook_plan() -> None:
    """Say what a layer needs; never write.

    \b
    Example: lambda-layer hook plan < query.json
    """
    report.answer(plan_hook(Query.parse(sys.stdin.read())))


@hook.command("release")
def hook_release() -> None:
    """Release what apply has approved; otherwise say what is there.

    \b
    Example: lambda-layer hook release < query.json
    """
    query = Query.parse(sys.stdin.read())
    report.answer(release_hook(query, report.progress("lambda-layer")))


@main.command("plan")
@names
@click.option("--force", is_flag=True, help="Plan a rebuild of what is current too.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if a build is due.")
@as_json
@pass_setting
def plan_command(
    setting: Setting, names: tuple[str, ...], *, force: bool, detailed_exitcode: bool, as_json: bool
) -> None:
    """Show which layers need a build, and why. Writes nothing.

    \b
    Example: lambda-layer plan web --detailed-exitcode
    """
    plans = [(layer, plan(layer, force=force)) for layer in setting.layers(names)]
    report.show_plans(plans, as_json=as_json)
    if detailed_exitcode and any(found.status != CURRENT for _, found in plans):
        sys.exit(2)


@main.command()
@click.argument("name")
@click.option("--force", is_flag=True, help="Build and publish even if nothing changed.")
@as_json
@pass_setting
def build(setting: Setting, name: str, *, force: bool, as_json: bool) -> None:
    """Build and publish one layer by hand, if it needs it.

    Terraform learns of the release at its next plan.

    \b
    Example: lambda-layer build web
    """
    (layer,) = setting.layers((name,))
    planned = plan(layer, force=force)
    if planned.status == CURRENT and planned.release is not None:
        report.show_release(layer, planned.release, as_json=as_json)
        return
    progress = report.progress(name)
    progress(f"{planned.status}: {planned.reason}")
    order = Order(planned.token, planned.reason, fresh=force, debug=setting.debug)
    release = ensure(layer, order, progress=progress)
    report.show_release(layer, release, as_json=as_json)


@main.command()
@names
@as_json
@pass_setting
def status(setting: Setting, names: tuple[str, ...], *, as_json: bool) -> None:
    """Show what is published, building or failed.

    \b
    Example: lambda-layer status --json
    """
    layers = setting.layers(names)
    report.show_status([(layer, layer.records.load()) for layer in layers], as_json=as_json)


@main.command()
@click.argument("name")
@click.option("--follow", is_flag=True, help="Wait for a build and follow it to its end.")
@pass_setting
def logs(setting: Setting, name: str, *, follow: bool) -> None:
    """Show the log of a layer's last build.

    \b
    Example: lambda-layer logs web --follow
    """
    (layer,) = setting.layers((name,))
    for line in build_log(layer, follow=follow, clock=Clock()):
        click.echo(line)


@main.command("retire")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("name", required=False)
@pass_setting
def retire_command(setting: Setting, name: str | None, *, yes: bool) -> None:
    """Delete the versions and objects of a layer that is no longer wanted.

    `terraform destroy` calls it with LAMBDA_LAYER_RETIRE set; by hand, name the layer. It may have
    been removed from layers.toml already.

    \b
    Example: lambda-layer retire web
    """
    retirement = Retirement.from_environment()
    if retirement is None:
        if name is None:
            raise click.UsageError(f"name a layer, or set {RETIRE_VARIABLE}")
        app = setting.load().app
        session = Session(setting.credentials, setting.region or app.region)
        retirement = Retirement.by_name(app, name, session)
        if not yes:
            click.confirm(
                f"Delete all versions we published of {retirement.layer_name}?", abort=True
            )
    else:
        session = Session(retirement.credentials, retirement.region)
        session.require(retirement.account)
    services = connect(session, bucket=retirement.bucket, project="")
    retire(services, retirement, progress=report.progress(retirement.layer))
