"""What a lighter distribution saves: the layer predicted once more with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from builder.errors import LayerError
from builder.sizes.lighter import lighter
from builder.sizes.model import LayerSize
from builder.sizes.predict import predict
from builder.spec.layer_spec import LayerSpec


def tried(
    layer: LayerSize, spec: LayerSpec, root: Path, say: Callable[[str], object]
) -> dict[str, int]:
    """Return the bytes that each lighter distribution saves, by the package that it replaces.

    That is 0 where it turns out not to be lighter. Only what the layer's own ``dependencies`` name
    can be replaced; what cannot be resolved with the other distribution is left out.
    """
    saved: dict[str, int] = {}
    for line in spec.dependencies:
        requirement = Requirement(line)
        name = str(canonicalize_name(requirement.name))
        row = lighter(name)
        if row is None or not row.requirement or requirement.url:
            continue
        # The other one's versions are its own.
        others = tuple(row.requirement if each == line else each for each in spec.dependencies)
        say(f"trying {row.requirement} in the place of {name}")
        try:
            found = predict(replace(spec, dependencies=others), root)
        except LayerError:
            continue
        if found.is_known:
            saved[name] = max(layer.size - found.size, 0)
    return saved
