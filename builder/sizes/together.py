"""The limit holds for a function and all its layers: what the layers of an application share."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from builder.spec.layer_spec import LayerSpec
from builder.spec.runtimes import UNZIPPED_LIMIT


@dataclass(frozen=True)
class Together:
    """A function with the layers that name it: bytes unzipped as far as they are known."""

    function: str
    layers: tuple[str, ...]
    size: int

    @property
    def fits(self) -> bool:
        """Whether the layers alone are within the limit; the function's code is not counted."""
        return self.size <= UNZIPPED_LIMIT

    def __str__(self) -> str:
        verdict = "they fit" if self.fits else "too large"
        names = ", ".join(self.layers)
        return (
            f"function {self.function} gets {names}: {self.size:,} bytes unzipped together, "
            f"{verdict} (Lambda takes {UNZIPPED_LIMIT:,} with the function's code)"
        )


def together(
    name: str, sizes: Mapping[str, int | None], functions: Mapping[str, tuple[str, ...]]
) -> Together | None:
    """Return the function of a layer whose layers take most, None when it shares none.

    ``functions`` are those that each layer names, ``sizes`` the bytes of each; None is not known,
    and is not counted.
    """
    found = []
    for function in map(_bare, functions[name]):
        others = tuple(
            other
            for other, named in functions.items()
            if other != name and sizes.get(other) is not None and function in map(_bare, named)
        )
        if others and sizes.get(name) is not None:
            whole = (name, *others)
            found.append(Together(function, whole, sum(sizes[each] or 0 for each in whole)))
    return max(found, key=lambda one: one.size, default=None)


def neighbours(asked: Collection[LayerSpec], layers: Iterable[LayerSpec]) -> tuple[LayerSpec, ...]:
    """Return the other layers that name a function which one of those asked about names."""
    names = {spec.name for spec in asked}
    functions = {_bare(function) for spec in asked for function in spec.scope.named}
    return tuple(
        spec
        for spec in layers
        if spec.name not in names and functions & set(map(_bare, spec.scope.named))
    )


def _bare(function: str) -> str:
    """Return the name in a function's ARN."""
    return function.rpartition(":function:")[2].removesuffix(":$LATEST")
