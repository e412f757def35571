"""Does a layer version fit a function? Asked before anything of the function is changed.

Sources of the facts: AWS Lambda developer guide, "Lambda quotas" (five layers; 262,144,000 bytes
for code and layers, unzipped) and "Create a Lambda function using a container image" (no layers).
Lambda itself does not look at a layer's compatible runtimes when a function gets it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from builder.aws.functions import Function
from builder.errors import LayerError
from builder.spec.function_entries import region_of
from builder.spec.runtimes import LAYERS_PER_FUNCTION, UNZIPPED_LIMIT, Target

NEARLY = 0.8
"""From this part of the limit on we speak of a function's size."""

Unzipped = Callable[[str], int | None]
"""Returns the unzipped size of a layer version by its ARN, None when it is not known."""


def refuse(
    function: Function, layers: Sequence[str], targets: Iterable[Target], unzipped: Unzipped
) -> None:
    """Raise LayerError when it is certain that a function cannot use these layers.

    ``layers`` are all it would have, ``targets`` those of the layer that comes.
    """
    _refuse_image(function)
    _refuse_target(function, tuple(targets))
    if len(layers) > LAYERS_PER_FUNCTION:
        raise LayerError(
            f"it has {len(layers) - 1} other layers already",
            where=", ".join(use.arn for use in function.layers),
            expected=f"at most {LAYERS_PER_FUNCTION} layers a function (AWS Lambda quotas)",
            fix="remove a layer of the function, or take the function out of the layer's list",
        )
    known = sum(unzipped(arn) or 0 for arn in layers)
    if known > UNZIPPED_LIMIT:
        raise LayerError(
            f"its layers of ours alone have {known:,} bytes unzipped",
            where=", ".join(layers),
            expected=f"at most {UNZIPPED_LIMIT:,} bytes with the function's code",
            fix="make a layer smaller, or remove one of the function",
        )


def refuse_region(function: str, layer_arn: str) -> None:
    """Raise LayerError when a function's ARN is in another region than the layer."""
    region, layer_region = region_of(function), layer_arn.split(":")[3]
    if region and region != layer_region:
        raise LayerError(
            f"it is in {region} and the layer in {layer_region}",
            where=function,
            expected="a function in the layer's region, because Lambda knows no other",
            fix="take it out of functions, or publish the layer in its region too",
        )


def warning(function: Function, layers: Sequence[str], unzipped: Unzipped) -> str:
    """Say that a function may be near the size limit when it cannot be known, else "".

    Lambda shows only the zipped sizes of code and of layers that we did not build. It refuses the
    update itself when the true sum is too much.
    """
    zipped = {use.arn: use.zipped_size for use in function.layers}
    sizes = [(unzipped(arn), zipped.get(arn, 0)) for arn in layers]
    known = sum(size for size, _ in sizes if size is not None)
    unknown = function.zipped_size + sum(size for real, size in sizes if real is None)
    if known + unknown < NEARLY * UNZIPPED_LIMIT:
        return ""
    others = sum(real is None for real, _ in sizes)
    return (
        f"{known:,} bytes unzipped, and zipped {unknown:,} of its code and {others} other layers, "
        f"whose unzipped size Lambda does not show; the limit is {UNZIPPED_LIMIT:,} unzipped"
    )


def _refuse_image(function: Function) -> None:
    if function.package == "Image":
        raise LayerError(
            "it is a container image, which cannot have layers",
            where=function.arn,
            expected="a function whose code is a zip",
            fix="take it out of functions, and install the packages in its image",
        )


def _refuse_target(function: Function, targets: tuple[Target, ...]) -> None:
    if any(
        target.runtime == function.runtime and target.architecture == function.architecture
        for target in targets
    ):
        return
    raise LayerError(
        f"it runs {function.runtime} on {function.architecture}, and the layer is for "
        + ", ".join(str(target) for target in targets),
        where=function.arn,
        expected="a runtime and architecture that the layer is built for",
        fix="add the runtime to the layer's python, or take the function out of functions",
    )
