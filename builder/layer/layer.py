"""One layer at one site: its spec and sources here, its objects there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from builder.aws.services import Services
from builder.inputs.bundle import bundle
from builder.inputs.fingerprint import Inputs, inputs_of
from builder.inputs.source_files import SourceFile, source_files
from builder.layer.records import Records
from builder.layer.site import Site
from builder.layer.token import Token
from builder.protocol.keys import LayerKeys
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec


@dataclass(frozen=True)
class Layer:
    """One layer: what it is made of (below ``root``) and where it goes."""

    spec: LayerSpec
    root: Path
    site: Site
    services: Services

    @property
    def has_sources(self) -> bool:
        """Whether the sources are here, so that they can be bundled."""
        return True

    @property
    def name(self) -> str:
        """The layer's name in the application; also the prefix of its objects in the bucket."""
        return self.spec.name

    @property
    def app(self) -> str:
        """The application's name."""
        return AppSpec.of_project(self.site.project)

    @cached_property
    def files(self) -> tuple[SourceFile, ...]:
        """The layer's input files; raise SourceError when they cannot be used."""
        return source_files(self.spec, self.root)

    @cached_property
    def inputs(self) -> Inputs:
        """What the layer's artifact depends on."""
        return inputs_of(self.spec, self.files)

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of the inputs."""
        return self.inputs.fingerprint

    @property
    def keys(self) -> LayerKeys:
        """The keys of the layer's objects in the bucket."""
        return LayerKeys(self.name)

    @cached_property
    def records(self) -> Records:
        """The layer's record."""
        return Records(self.services.store, self.name, layer_arn=self.site.layer_arn)

    def bundle(self) -> bytes:
        """Return the layer's bundle."""
        return bundle(self.spec, self.root, self.files, self.fingerprint)

    def approved(self) -> Token | None:
        """Return the token that Terraform's apply last approved."""
        stored = self.services.store.read(self.keys.approval)
        return Token.parse(stored.content.decode("utf-8", "replace")) if stored else None

    def recorded_inputs(self, fingerprint: str) -> Inputs | None:
        """Return the inputs of an earlier release, if they are still there and readable."""
        stored = self.services.store.read(self.keys.inputs_of(fingerprint))
        return Inputs.from_json(stored.content.decode("utf-8", "replace")) if stored else None
