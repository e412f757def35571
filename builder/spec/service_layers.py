"""Services whose image is a layer of the application: what each must be for the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from builder.errors import SpecError
from builder.spec.layer_spec import LayerSpec
from builder.spec.service_spec import ServiceSpec


def joined(
    layers: Sequence[LayerSpec], services: Sequence[ServiceSpec]
) -> tuple[tuple[LayerSpec, ...], tuple[ServiceSpec, ...]]:
    """Return layers that have the supervisor where a service needs it, and services with them.

    Raise SpecError for a service whose layer is not there, or cannot be its image.
    """
    found = tuple(on_layer(each, layers) for each in services)
    used = {each.layer for each in found}
    return tuple(with_supervisor(each) if each.name in used else each for each in layers), found


def with_supervisor(layer: LayerSpec) -> LayerSpec:
    """Return a layer that is an image as one for a service; raise SpecError if it cannot be one."""
    return layer if layer.supervisor else replace(layer, supervisor=True)


def on_layer(service: ServiceSpec, layers: Sequence[LayerSpec]) -> ServiceSpec:
    """Return a service on the architecture of its layer; raise SpecError if they do not fit."""
    if not service.layer:
        return service
    layer = next((each for each in layers if each.name == service.layer), None)
    if layer is None:
        raise _unknown(service, [each.name for each in layers])
    if not layer.image:
        raise _refused(
            service,
            "layer",
            f"{layer.name} is a layer of Lambda, and no image",
            "a layer with image = true",
            f"add image = true to {layer.where or layer.name}, or name another layer",
        )
    if service.architecture not in ("", layer.architecture):
        raise _refused(
            service,
            "architecture",
            f"the service runs on {service.architecture}, and its layer {layer.name} is for "
            f"{layer.architecture}",
            "the architecture of its layer",
            "take architecture out of the service, or change that of the layer",
        )
    return replace(service, architecture=layer.architecture)


def _unknown(service: ServiceSpec, names: Sequence[str]) -> SpecError:
    split = [name for name in names if name.startswith(f"{service.layer}-python")]
    close = split or get_close_matches(service.layer, names, n=1)
    nearest = f"did you mean {close[0]!r}? Else " if close else ""
    return _refused(
        service,
        "layer",
        f"there is no layer {service.layer!r}",
        f"one of: {', '.join(names) or 'none'}",
        f"{nearest}name one with image = true, or add [layers.{service.layer}]",
    )


def _refused(service: ServiceSpec, key: str, what: str, expected: str, fix: str) -> SpecError:
    where = service.where or f"service {service.name!r}"
    return SpecError(what, key=key, where=where, expected=expected, fix=fix)
