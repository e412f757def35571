"""The command line: `lambda-layer`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from builder import __version__
from builder.aws.session import Credentials
from builder.commands.build import build
from builder.commands.diff import diff
from builder.commands.doctor import doctor
from builder.commands.hook import hook
from builder.commands.lock import lock
from builder.commands.logs import logs
from builder.commands.move import move
from builder.commands.options import AS_JSON, Setting
from builder.commands.plan import plan_command
from builder.commands.prune import prune
from builder.commands.retire import retire_command
from builder.commands.rollback import rollback, unpin
from builder.commands.status import status
from builder.commands.wait import wait
from builder.commands.watch import watch_command
from builder.errors import LayerError
from builder.report.debug import show_decisions
from builder.report.errors import show_error

EXIT_CODES = """\b
Exit codes: 0 done; 1 an error, shown on stderr; 2 wrong usage, or with
`plan --detailed-exitcode` a build is due; 130 interrupted."""


class Commands(click.Group):
    """The group that turns a LayerError into one message and exit code 1, in one place."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except LayerError as error:
            as_json = bool(ctx.meta.get(AS_JSON))
            show_error(error, as_json=as_json, debug=bool(ctx.params.get("debug")))
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
@click.option(
    "--debug",
    is_flag=True,
    envvar="LAMBDA_LAYER_DEBUG",
    help="Show every decision, every call to AWS, and tracebacks; keep the build directory.",
)
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
    show_decisions(debug=debug)
    ctx.obj = Setting(config, Credentials(profile, role_arn), region, debug)


for command in (
    plan_command,
    build,
    watch_command,
    wait,
    status,
    logs,
    lock,
    diff,
    doctor,
    move,
    rollback,
    unpin,
    prune,
    retire_command,
    hook,
):
    main.add_command(command)
