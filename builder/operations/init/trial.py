"""What a plan would refuse of a layers.toml that was just written."""

from __future__ import annotations

from pathlib import Path

from builder.errors import LayerError
from builder.inputs.source_files import source_files
from builder.spec.layers_toml import Config


def refusals(config: Config, root: Path) -> list[str]:
    """Return a sentence for each layer whose sources cannot be read, with what to do."""
    found = []
    for spec in config.layers:
        try:
            source_files(spec, root)
        except LayerError as error:
            found.append(f"layer {spec.name} cannot be planned yet: {error.what}; {error.fix}")
    return found
