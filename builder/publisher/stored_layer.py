"""A layer without its sources: what the bucket remembers of it is enough to go on from a build."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from builder.aws.services import Services
from builder.errors import RecordError, SourceError
from builder.inputs.source_files import SourceFile
from builder.layer.connected import services_at
from builder.layer.layer import Layer
from builder.layer.site import Site
from builder.protocol.keys import LayerKeys
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec


@dataclass(frozen=True)
class StoredLayer(Layer):
    """A layer whose fingerprint is known and whose files are elsewhere.

    It can start builds of a bundle that is in the bucket already, and of no other.
    """

    known: str = ""

    @property
    def has_sources(self) -> bool:
        """They are where its first build was started."""
        return False

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint that the build was approved with."""
        return self.known

    @cached_property
    def files(self) -> tuple[SourceFile, ...]:
        """There are none: raise SourceError."""
        raise SourceError(
            f"the sources of layer {self.name!r} are not here",
            where="the publisher function, which goes on from a build that has ended",
            expected="a build to go on from",
            fix="plan and apply again",
        )


def stored_layer(services: Services, site: Site, name: str, fingerprint: str) -> StoredLayer:
    """Return the layer as the one who started its build described it.

    ``site`` is that of a layer in Lambda; one that is an image is in its repository.

    Raise RecordError when that description is gone.
    """
    key = LayerKeys(name).request(fingerprint)
    stored = services.store.read(key)
    if stored is None:
        raise RecordError(
            f"what layer {name!r} was to be built of is not known",
            where=services.store.url(key),
            expected="the spec that is stored before a build is started",
            fix=f"release it where its sources are: lambda-layer build {name}",
        )
    spec = LayerSpec.from_json(stored.content.decode("utf-8", "replace"))
    if spec.image:
        app = AppSpec(AppSpec.of_project(site.project))
        site = replace(site, layer_name=app.repository(name))
    return StoredLayer(spec, Path(), site, services_at(spec, site, services), known=fingerprint)
