"""One layer a target, where layers.toml asks for it: what is merged otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from builder.errors import SpecError
from builder.spec.checks import LAYER_NAME

SPLIT = "target"
"""The only value of ``split``."""

NAME_LIMIT = 64


def split(name: str, values: Mapping[str, Any], where: str) -> dict[str, dict[str, Any]]:
    """Return the layers that a section describes, by name: one, or with ``split`` one a target.

    ``values`` are the section's, with ``python`` and ``architecture`` as lists of strings; in those
    that are returned architecture is a string. Raise SpecError when this is not possible.
    """
    rest = {key: value for key, value in values.items() if key != "split"}
    architectures = values["architecture"]
    if "split" not in values:
        if len(architectures) != 1:
            raise _several(architectures, where)
        return {name: {**rest, "architecture": architectures[0]}}
    if values["split"] != SPLIT:
        raise _error("split", f"a layer cannot be split by {values['split']!r}", where)
    if values.get("functions"):
        raise SpecError(
            "a layer that is split has functions",
            key="functions",
            where=where,
            expected="functions of one target only: each could get one of the layers, not all",
            fix="give the functions their layer in Terraform (layer_arn), or write one layer for "
            "each target",
        )
    for key in ("parameter", "layer_name"):
        if values.get(key):
            raise SpecError(
                f"a layer that is split has one {key}",
                key=key,
                where=where,
                expected=f"a {key} for each of its layers",
                fix=f"remove {key}, or write one layer for each target",
            )
    return {
        _name(name, python, architecture, where): {
            **rest,
            "python": (python,),
            "architecture": architecture,
        }
        for python in dict.fromkeys(values["python"])
        for architecture in dict.fromkeys(architectures)
    }


def _name(name: str, python: str, architecture: str, where: str) -> str:
    suffix = f"-python{python.replace('.', '')}-{architecture.replace('_', '-')}"
    # The layer itself refuses a bad Python version or architecture, with a better message.
    if LAYER_NAME.fullmatch(name) and len(name + suffix) > NAME_LIMIT:
        raise SpecError(
            f"the layer's name is too long to be split: {name + suffix!r}",
            where=where,
            expected=f"at most {NAME_LIMIT - len(suffix)} characters before {suffix!r}",
            fix="choose a shorter name",
        )
    return name + suffix


def _several(architectures: tuple[str, ...], where: str) -> SpecError:
    if not architectures:
        return _error("architecture", "no architecture is named", where)
    return SpecError(
        f"one layer cannot be for {' and '.join(architectures)}",
        key="architecture",
        where=where,
        expected="one architecture a layer: compiled code of several cannot be merged, because "
        "Lambda looks for it in the same folder",
        fix=f'add split = "{SPLIT}" for one layer a target, or name one architecture',
    )


def _error(key: str, what: str, where: str) -> SpecError:
    expected = f'"{SPLIT}"' if key == "split" else "arm64, x86_64, or with split both"
    return SpecError(
        what,
        key=key,
        where=where,
        expected=expected,
        fix=f"write for example {key} = " + ('"target"' if key == "split" else '"arm64"'),
    )
