"""The layer that is the image of a hybrid service."""

from __future__ import annotations

from dataclasses import dataclass

from cdktf import Precondition

from builder.spec.service_layers import on_layer
from builder.spec.service_spec import ServiceSpec
from modules.layer.infrastructure import BuildInfrastructure
from modules.layer.layer import LambdaLayer


@dataclass(frozen=True)
class LayerImage:
    """An image that plan and apply build: ``uri`` names it by its tag, an expression.

    It depends on no release, so that Terraform treats nothing of the layer as it treats what names
    the image. ``is_there`` is asked before tasks are started from it. ``spec`` is the service on
    the architecture of its layer.
    """

    spec: ServiceSpec
    repository: str
    uri: str
    is_there: Precondition


def image_of(infrastructure: BuildInfrastructure, spec: ServiceSpec) -> LayerImage | None:
    """Return the image that the layer of a service is, None for a service that names none.

    Raise SpecError for a layer that is not there, or cannot be the image.
    """
    if not spec.layer:
        return None
    layers = [each for each in infrastructure.layers.values() if isinstance(each, LambdaLayer)]
    spec = on_layer(spec, [layer.spec for layer in layers])
    layer = next(layer for layer in layers if layer.spec.name == spec.layer)
    layer.supervise()
    repository = infrastructure.app.repository(spec.layer)
    return LayerImage(spec, repository, layer.next_image, layer.image_is_there())
