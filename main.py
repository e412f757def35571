"""Synthesize the stacks into cdktf.out: ``python main.py``, or ``cdktf synth``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from builder.errors import LayerError
from builder.inputs.source_files import source_files
from builder.spec.layer_spec import LayerSpec
from builder.spec.layers_toml import load_config
from modules.layer import SourceTree
from stacks.app import synthesize

CONFIG = Path(__file__).with_name("layers.toml")


def main(arguments: list[str] | None = None) -> int:
    """Read layers.toml and write the Terraform JSON; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--config",
        type=Path,
        default=Path(os.environ.get("LAMBDA_LAYER_CONFIG", CONFIG)),
        help="the layers.toml; cdktf.out is written beside it (default: $LAMBDA_LAYER_CONFIG)",
    )
    parser.add_argument(
        "--bundle-sources",
        action="store_true",
        help="put the layers' sources beside the JSON, to apply it where there is no checkout",
    )
    parser.add_argument(
        "--proof",
        action="store_true",
        help="add the example's function, which imports what is in the example's layers",
    )
    options = parser.parse_args(arguments)
    try:
        run(options.config, bundle_sources=options.bundle_sources, proof=options.proof)
    except LayerError as error:
        sys.stderr.write(f"ERROR: {error}\n")
        return 1
    return 0


def run(config_file: Path, *, bundle_sources: bool, proof: bool) -> None:
    """Synthesize what one layers.toml describes."""
    config = load_config(config_file)
    project = config_file.parent

    def sources(spec: LayerSpec) -> SourceTree:
        return SourceTree(project, tuple(file.path for file in source_files(spec, project)))

    synthesize(
        config.app,
        config.layers,
        project=project,
        # Where cdktf-cli wants it, if it is cdktf-cli that runs this.
        outdir=Path(os.environ.get("CDKTF_OUTDIR", project / "cdktf.out")),
        sources=sources if bundle_sources else None,
        proof=proof,
    )


if __name__ == "__main__":
    sys.exit(main())
