"""What the description of a layer may say when it is a container image, and when it is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from builder.spec.checks import Check

NOT_OF_IMAGES = ("functions", "share", "parameter", "layer_name")
"""What Lambda has for layers alone: a function names its image itself, by ``image_uri``."""


def check_image(check: Check, values: Mapping[str, Any], *, image: bool, base: str) -> None:
    """Refuse what an image cannot have; without ``image`` refuse ``base``. Raise SpecError.

    ``values`` are what the layer says, by key.
    """
    if not image:
        if base:
            raise check.error(
                "base",
                "base is of a layer that is an image",
                "base beside image = true",
                "add image = true, or take base out",
            )
        return
    for key in NOT_OF_IMAGES:
        if values[key]:
            raise check.error(
                key,
                f"{key} is of no use for an image, which no function has as a layer",
                f"image = true or {key}, not both",
                f"take {key} out; functions name the output image_uri as their image",
            )
    _one_runtime(check, values["python"])


def _one_runtime(check: Check, python: Sequence[str]) -> None:
    if len(python) > 1:
        raise check.error(
            "python",
            f"an image is for one runtime, and {len(python)} are named",
            "one Python version beside image = true",
            'write one layer for each, or add split = "target"',
        )
