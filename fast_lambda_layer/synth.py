"""Synthesize what a layers.toml describes: ``python -I -m fast_lambda_layer.synth``.

Isolated (-I), it does not see the folder it is started in: packages there may have any name.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from fast_lambda_layer.names import check_names

check_names("builder", "modules.layer")

from builder.errors import LayerError  # noqa: E402 - these are ours, that is known now
from builder.inputs.source_files import source_files  # noqa: E402
from builder.origin import extra  # noqa: E402
from builder.spec.config_file import find_config  # noqa: E402
from builder.spec.layer_spec import LayerSpec  # noqa: E402
from builder.spec.layers_toml import load_config  # noqa: E402

if TYPE_CHECKING:  # imported once it is known that cdktf is there
    from modules.layer.stack import LayersStack

LAYERS_STACK = "modules.layer.stack:LayersStack"


def main(
    arguments: list[str] | None = None,
    *,
    config: Path | None = None,
    **stacks: str,
) -> int:
    """Read layers.toml and write the Terraform JSON; return the exit status.

    ``config`` is the layers.toml that is read when no other is named; without it that is the one
    that `lambda-layer` reads. Each of ``stacks`` names a
    class as MODULE:CLASS that the option of its name uses instead of LayersStack:
    ``proof="stacks.example:ExampleStack"`` gives the option --proof.
    """
    options = _parser(config or find_config(Path.cwd()), stacks).parse_args(arguments)
    try:
        check_cdktf()
        _run(options.config, _stack(options.stack), app=options.app, bundle=options.bundle_sources)
    except LayerError as error:
        sys.stderr.write(f"ERROR: {error}\n")
        return 1
    return 0


def _parser(config: Path, stacks: dict[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Synthesize the layers of a layers.toml into cdktf.out, as Terraform JSON."
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=Path(os.environ.get("LAMBDA_LAYER_CONFIG", config)),
        help="the layers.toml; cdktf.out is written beside it (default: $LAMBDA_LAYER_CONFIG)",
    )
    parser.add_argument(
        "--app",
        default=os.environ.get("LAMBDA_LAYER_APP", ""),
        help="the application's name, in place of the one in layers.toml: another environment of "
        "it, with a folder and a state of its own (default: $LAMBDA_LAYER_APP)",
    )
    parser.add_argument(
        "--bundle-sources",
        action="store_true",
        help="put the layers' sources beside the JSON, to apply it where there is no checkout",
    )
    for name, stack in stacks.items():
        parser.add_argument(
            f"--{name}",
            dest="stack",
            action="store_const",
            const=stack,
            help=f"synthesize {stack} instead of the stack that has the layers only",
        )
    parser.set_defaults(stack=LAYERS_STACK)
    return parser


def check_cdktf() -> None:
    """Raise LayerError if cdktf or what it needs is not there."""
    try:
        import_module("modules.layer.synthesis")
    except ImportError as error:
        if error.name is None:  # what is wrong is no package, and the message has its own advice
            what, fix = str(error), "install Node.js 18 or newer, then run it again"
        else:
            what = f"cdktf is not installed: there is no module {error.name!r}"
            fix = f"pip install {extra('cdktf')}"
        raise LayerError(
            what,
            where=sys.prefix,
            expected="cdktf with its provider packages, and Node.js: only to write the Terraform "
            "JSON; applying it needs neither",
            fix=fix,
        ) from error


def _stack(place: str) -> type[LayersStack]:
    module, _, name = place.partition(":")
    found: type[LayersStack] = getattr(import_module(module), name)
    return found


def _run(config_file: Path, stack: type[LayersStack], *, app: str, bundle: bool) -> None:
    from modules.layer import SourceTree
    from modules.layer.synthesis import synthesize

    config = load_config(config_file).called(app)
    project = config_file.parent

    def sources(spec: LayerSpec) -> SourceTree:
        return SourceTree(project, tuple(file.path for file in source_files(spec, project)))

    # Where cdktf-cli wants it, if it is cdktf-cli that runs this.
    wanted = os.environ.get("CDKTF_OUTDIR")
    outdir = Path(wanted or project / "cdktf.out")
    synthesize(
        config.app,
        config.layers,
        project=project,
        outdir=outdir,
        sources=sources if bundle else None,
        stack=stack,
        services=config.services,
    )
    folder = outdir / "stacks" / config.app.name
    sys.stdout.write(f"{config_file} -> {folder}\n")
    if not wanted:
        sys.stdout.write(
            f"next: cd {shlex.quote(str(folder))} && terraform init && terraform apply\n"
        )


if __name__ == "__main__":
    sys.exit(main())
