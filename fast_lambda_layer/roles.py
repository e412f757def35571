"""Write the roles of a layers.toml as JSON: ``python -P -m fast_lambda_layer.roles``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from fast_lambda_layer.synth import check_cdktf  # isort: skip - first: it says whose names are taken
from builder.documents import plain
from builder.errors import LayerError
from builder.spec.layers_toml import load_config


def main(arguments: list[str] | None = None) -> int:
    """Read layers.toml and write what each role has to be; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        check_cdktf()
        sys.stdout.write(_roles(options))
    except LayerError as error:
        sys.stderr.write(f"ERROR: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Write the roles of a layers.toml as JSON.")
    parser.add_argument("--config", type=Path, required=True, help="the layers.toml")
    parser.add_argument("--app", default="", help="the application's name, if it is another one")
    for part in ("account", "region", "partition"):
        parser.add_argument(f"--{part}", required=True, help=f"the {part} of the roles")
    return parser


def _roles(options: argparse.Namespace) -> str:
    from modules.layer.place import Place
    from modules.layer.wanted_roles import wanted_roles

    config = load_config(options.config).called(options.app)
    place = Place(options.account, options.region, options.partition)
    return json.dumps(plain(wanted_roles(config.app, config.layers, place, config.services)))


if __name__ == "__main__":
    sys.exit(main())
