"""Move the functions of a layer to one of its versions."""

from __future__ import annotations

from collections.abc import Callable

from builder.errors import LayerError
from builder.layer import Layer


def move_functions(layer: Layer, layer_arn: str, progress: Callable[[str], None]) -> None:
    """Give the functions that the spec names this version of the layer.

    One that fails does not stop the others; raise LayerError in the end, naming those that failed.
    """
    failed = []
    for function in layer.spec.functions:
        try:
            moved = layer.services.functions.move(function, layer_arn)
        except LayerError as error:
            failed.append(error)
            continue
        progress(f"function {function} " + ("moved" if moved else "is on it already"))
    if failed:
        raise LayerError(
            f"{len(failed)} of {len(layer.spec.functions)} functions were not moved",
            where="\n".join(str(error) for error in failed),
            expected=f"all of them on {layer_arn}, which is published",
            fix="mend what is named above and run it again; the others are done",
        )
