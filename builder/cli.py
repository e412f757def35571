"""The command line: `lambda-layer`."""

from __future__ import annotations

import ast
import errno
import os
import signal
import sys
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click

from builder import __version__
from builder.commands.options import AS_JSON, BUILD_GOES_ON, LEFT, Setting
from builder.errors import LayerError
from builder.heap import keep_what_is_loaded
from builder.report.debug import show_decisions
from builder.report.errors import show_error
from builder.report.terminal import be_quiet
from builder.signals import Ended, begun, end_at_once, ended_in_order
from builder.spec.config_file import FILE_NAME, find_config

COMMANDS = {
    "adopt": "adopt:adopt",
    "audit": "audit:audit",
    "build": "build:build",
    "build-images": "build_images:build_images",
    "client": "client:client",
    "deploy": "deploy:deploy",
    "diff": "diff:diff",
    "doctor": "doctor:doctor",
    "explain": "explain:explain_command",
    "get": "get:get",
    "hook": "hook:hook",
    "image": "image:image",
    "init": "init:init",
    "lock": "lock:lock",
    "logs": "logs:logs",
    "move": "move:move",
    "plan": "plan:plan_command",
    "prune": "prune:prune",
    "report": "report:report",
    "retire": "retire:retire_command",
    "roles": "roles:roles",
    "rollback": "rollback:rollback",
    "schema": "schema:schema_command",
    "show": "show:show_command",
    "size": "size:size",
    "status": "status:status",
    "stop": "stop:stop_command",
    "synth": "synth:synth_command",
    "try": "try_layer:try_layer",
    "unpin": "rollback:unpin",
    "verify": "verify:verify",
    "wait": "wait:wait",
    "watch": "watch:watch_command",
    "why": "why:why",
}
"""Each command's module below builder.commands, and its name there: only what is called is
imported, because boto3 takes half a second that `--version` and completion need not wait for."""

HOOK = "hook"

WITH_BUILDS = {"build", "deploy", "hook", "logs", "wait", "watch"}
"""Commands during which a build may run; their end does not end it."""

NEVER_SUGGESTED = {"move", "prune", "retire", "rollback", "stop"}
"""Commands that delete, or change what functions run with: no guess at a wrong name says these."""

EXIT_CODES = """\b
Exit codes: 0 done; 1 an error, shown on stderr; 2 wrong usage, or with
`plan --detailed-exitcode` a build is due; 130 interrupted, 143 and 129 ended
by SIGTERM and SIGHUP."""


def first_sentence(command: str) -> str:
    """Return what the help says of a command, read from its source: nothing is imported for it."""
    module, _, attribute = COMMANDS[command].partition(":")
    source = (Path(__file__).parent / "commands" / f"{module}.py").read_text("utf-8")
    functions = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    (function,) = (node for node in functions if node.name == attribute)
    said = " ".join((ast.get_docstring(function) or "").partition("\n\n")[0].split())
    return said.partition(". ")[0].removesuffix(".") + "."


UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EBADF, errno.EIO, errno.EFBIG}
"""What a write to an output that is full or gone fails with; click knows a closed pipe itself."""


def _open_streams() -> None:
    """Open what is closed of stdin and stderr, so that no socket gets their numbers.

    Exit with a message where stdout is closed: what is asked for could not be answered.
    """
    if sys.stdin is None:
        os.open(os.devnull, os.O_RDONLY)
        sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115 - open until the process ends
    if sys.stdout is None:
        os.open(os.devnull, os.O_WRONLY)
    if sys.stderr is None:
        os.open(os.devnull, os.O_WRONLY)
        sys.stderr = open(2, "w", encoding="utf-8")  # noqa: SIM115 - open until the process ends
    if sys.stdout is None:
        click.echo("ERROR: stdout is closed, and the answer goes there; nothing was done", err=True)
        raise SystemExit(1)


def _unwritable(error: OSError) -> NoReturn:
    """Exit with a message; what is left in the buffer of stdout is thrown away."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    click.echo(f"ERROR: the output cannot be written: {error}", err=True)
    raise SystemExit(1) from error


def _signal_of(end: KeyboardInterrupt) -> tuple[int, str]:
    """Return the number of the signal, and what is said of it."""
    if isinstance(end, Ended):
        return end.number, f"ended by {signal.Signals(end.number).name}"
    return int(signal.SIGINT), "interrupted"


def _ended(ctx: click.Context, end: KeyboardInterrupt) -> NoReturn:
    """Say in one line what has ended the command, and exit with 128 and its number."""
    number, how = _signal_of(end)
    goes_on = BUILD_GOES_ON if ctx.invoked_subcommand in WITH_BUILDS else ""
    left = ctx.meta.get(LEFT, goes_on)
    click.echo(f"{how}; {left}" if left else how, err=True)
    ctx.exit(128 + number)


class Commands(click.Group):
    """The group that turns a LayerError into one message and exit code 1, in one place."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command line; whatever ends it is said in one line, without a traceback."""
        if not extra.get("standalone_mode", True):
            return super().main(*args, **extra)
        end_at_once(signal.getsignal(signal.SIGINT))
        _open_streams()
        try:
            with ended_in_order():
                return super().main(*args, **extra)
        except OSError as error:
            if error.errno not in UNWRITABLE or error.filename is not None:
                raise
            _unwritable(error)
        finally:
            begun()

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read the command line; an interrupt meanwhile is told as one of the command."""
        try:
            return super().make_context(*args, **extra)
        except KeyboardInterrupt as end:
            number, how = _signal_of(end)
            click.echo(how, err=True)
            raise click.exceptions.Exit(128 + number) from end

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command, or return None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        found: click.Command = getattr(import_module(f"builder.commands.{module}"), attribute)
        if cmd_name != HOOK:  # whose plan loads as much again, and says itself when it has
            keep_what_is_loaded()
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is named first; a wrong name gets the nearest right one."""
        close = get_close_matches(args[0], COMMANDS.keys() - NEVER_SUGGESTED, n=1)
        if args[0] not in COMMANDS and not args[0].startswith("-") and close:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {close[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command with its whole first sentence, on as many lines as that needs."""
        rows = [(name, first_sentence(name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except click.NoSuchOption as error:
            raise self._explained(error) from error
        except LayerError as error:
            as_json = bool(ctx.meta.get(AS_JSON))
            show_error(error, as_json=as_json, debug=bool(ctx.params.get("debug")))
            ctx.exit(1)
        except click.Abort as abort:  # what click makes of an interrupt at a question
            end = abort.__context__
            if not isinstance(end, KeyboardInterrupt):
                raise
            click.echo(err=True)
            _ended(ctx, end)
        except KeyboardInterrupt as end:
            _ended(ctx, end)

    def _explained(self, error: click.NoSuchOption) -> click.UsageError:
        """Say where an option belongs that is one of ours and stands after the command."""
        mine = {name for option in self.params for name in option.opts}
        if error.option_name not in mine or error.ctx is None:
            return error
        return click.UsageError(
            f"{error.option_name} belongs before the command: "
            f"lambda-layer {error.option_name} ... {error.ctx.info_name}",
            error.ctx,
        )


@click.group(
    cls=Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="LAMBDA_LAYER_CONFIG",
    show_envvar=True,
    help=f"The file that describes the layers; default: {FILE_NAME} here, or in the nearest folder "
    "above up to the repository's.",
)
@click.option(
    "--app",
    default="",
    envvar="LAMBDA_LAYER_APP",
    show_envvar=True,
    help="The application's name, in place of the one in layers.toml: another environment of it.",
)
@click.option("--profile", default="", help="AWS profile; default: the environment.")
@click.option(
    "--region",
    default="",
    help="AWS region; default: layers.toml, then AWS_REGION, AWS_DEFAULT_REGION, the profile.",
)
@click.option("--role-arn", default="", help="Role to assume first.")
@click.option("-q", "--quiet", is_flag=True, help="Show results and errors, and no progress.")
@click.option("-v", "--verbose", is_flag=True, help="Show every decision.")
@click.option(
    "--debug",
    is_flag=True,
    envvar="LAMBDA_LAYER_DEBUG",
    show_envvar=True,
    help="Show every decision, every call to AWS, and tracebacks; keep the build directory.",
)
@click.version_option(__version__, prog_name="lambda-layer")
@click.pass_context
def main(  # noqa: PLR0913 - the options before the command
    ctx: click.Context,
    config: Path | None,
    app: str,
    profile: str,
    region: str,
    role_arn: str,
    *,
    quiet: bool,
    verbose: bool,
    debug: bool,
) -> None:
    """Build AWS Lambda layers for Python: planned, built in CodeBuild, checked, published once.

    \b
    Example: lambda-layer plan
             lambda-layer build web
    """
    begun()
    if quiet and (verbose or debug):
        raise click.UsageError("--quiet and --verbose or --debug contradict each other; use one")
    be_quiet(quiet=quiet)
    show_decisions(debug=debug, verbose=verbose)
    ctx.obj = Setting(config or find_config(Path.cwd()), profile, role_arn, region, debug, app)
