"""What the description of a layer may say when it is a container image, and when it is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from builder.spec.checks import Check

NOT_OF_IMAGES = ("functions", "share", "parameter", "layer_name")
"""What Lambda has for layers alone: a function names its image itself, by ``image_uri``."""

SERVICE_BASE = "public.ecr.aws/docker/library/python:{python}-slim"
"""What an image of a hybrid service is built on, where nothing else is said."""

PROGRAMS = "bin"
"""What ``include`` has in it: a service's command is a program of a package."""

OLDEST = (3, 10)
"""The Python that the supervisor needs (``requires-python`` of what is written by inputs)."""


def service_base(python: str) -> str:
    """Return what an image of a hybrid service is built on, for a runtime."""
    return SERVICE_BASE.format(python=python)


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
        if values["supervisor"]:
            raise check.error(
                "supervisor",
                "the supervisor is of an image, and this is a layer",
                "supervisor beside image = true",
                "add image = true, or take supervisor out",
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
    if values["supervisor"]:
        _can_supervise(check, values["python"][0], values["slim"])


def _can_supervise(check: Check, python: str, slim: Sequence[str]) -> None:
    if tuple(map(int, python.split("."))) < OLDEST:
        raise check.error(
            "python",
            f"the supervisor of a service does not run on Python {python}",
            f"Python {'.'.join(map(str, OLDEST))} or newer",
        )
    if "boto" in slim:
        raise check.error(
            "slim",
            "slim leaves out boto3, which the supervisor of a service needs",
            "slim without boto: the image has no other boto3",
            "take boto out of slim",
        )


def _one_runtime(check: Check, python: Sequence[str]) -> None:
    if len(python) > 1:
        raise check.error(
            "python",
            f"an image is for one runtime, and {len(python)} are named",
            "one Python version beside image = true",
            'write one layer for each, or add split = "target"',
        )
