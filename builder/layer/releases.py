"""Choose one of a layer's releases: the current one, or that of a layer version."""

from __future__ import annotations

from builder.errors import LayerError
from builder.layer.layer import Layer
from builder.layer.record import Record, Release


def current_release(layer: Layer, record: Record) -> Release:
    """Return the current release; raise LayerError when there is none."""
    if record.current is not None:
        return record.current
    raise LayerError(
        f"layer {layer.name!r} has no release yet",
        where=layer.records.url,
        expected="a layer that was published",
        fix=f"build it: terraform apply, or lambda-layer build {layer.name}",
    )


def known_release(layer: Layer, record: Record, version: int) -> Release:
    """Return the release of a version, be it deleted by now or not; raise LayerError without."""
    release = record.release_of(version)
    if release is not None:
        return release
    known = ", ".join(str(number) for number in sorted({r.version for r in record.all_releases}))
    raise LayerError(
        f"version {version} is no release of layer {layer.name!r}",
        where=layer.records.url,
        expected=f"one of the versions {known}" if known else "a layer that was published",
        fix=f"name one of these; lambda-layer status {layer.name} lists them"
        if known
        else f"build it: terraform apply, or lambda-layer build {layer.name}",
    )


def release_of(layer: Layer, version: int | None) -> Release:
    """Return the release of a version, or without one the current; raise LayerError for neither."""
    record = layer.records.load_or_new()
    if version is None:
        return current_release(layer, record)
    return known_release(layer, record, version)
