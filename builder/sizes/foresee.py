"""Foreseeing a layer's size for a plan: from wheels alone, and without running any code of them."""

from __future__ import annotations

from pathlib import Path

from builder.errors import LayerError
from builder.sizes.advice import advise
from builder.sizes.forecast import Forecast, Row
from builder.sizes.model import TOO_LARGE, LayerSize
from builder.sizes.predict import UNREADABLE, predict
from builder.sizes.verdicts import cannot_fit
from builder.sizes.wheels_only import TransientError
from builder.spec.layer_spec import LayerSpec

LARGEST, ADVICE = 8, 4


def foresee(spec: LayerSpec, root: Path, memory: Path | None = None) -> Forecast:
    """Return the forecast of a layer; never raises for what only this layer lacks.

    ``memory`` is a folder for thousands of small files.
    """
    try:
        found = predict(spec, root, builds=False, memory=memory)
    except LayerError as error:
        passing = isinstance(error.__cause__, TransientError)
        return Forecast(why=" ".join(error.what.split())[:200], passing=passing)
    unread = any(p.unknown.startswith(UNREADABLE) for t in found.targets for p in t.unknown)
    large = found.verdict == TOO_LARGE
    return Forecast(
        found.size,
        found.packed,
        found.verdict,
        certain=cannot_fit(found.size, spec.slim),
        passing=unread,
        table=_largest(found) if large else (),
        advice=_advice(found, spec) if large else (),
    )


def _largest(found: LayerSize) -> tuple[Row, ...]:
    sums: dict[str, int] = {}
    for target in found.targets:
        for package in target.packages:
            name = f"{package.name} {package.version}"
            sums[name] = sums.get(name, 0) + package.size
    largest = sorted(sums.items(), key=lambda item: (-item[1], item[0]))[:LARGEST]
    return tuple(Row(name, size) for name, size in largest)


def _advice(found: LayerSize, spec: LayerSpec) -> tuple[str, ...]:
    """Return what to do, what makes it fit first."""
    advice = sorted(advise(found, spec), key=lambda one: (not one.fits, -one.saves))
    lines = []
    for one in advice[:ADVICE]:
        saves = f" (saves {one.saves:,} bytes{', and it fits' * one.fits})" if one.saves else ""
        lines.append(f"{one.kind}: {one.text}{saves}")
    return tuple(lines)
