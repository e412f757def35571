"""Container images of builds, as they stand in layers.toml."""

from __future__ import annotations

import json
from collections.abc import Sequence

from builder.report.tables import show_json
from builder.report.terminal import echo


def show_pins(pins: Sequence[str], *, as_json: bool) -> None:
    """Write the key `images`, as TOML or as JSON."""
    if as_json:
        show_json({"images": list(pins)})
        return
    echo("# In [defaults] of layers.toml:")
    echo("images = [")
    for pin in pins:
        echo(f"  {json.dumps(pin)},")
    echo("]")
