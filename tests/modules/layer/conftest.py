"""A synthesized stack with one layer, for the tests of the constructs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from modules.layer import BuildInfrastructure, LambdaLayer
from modules.layer.bindings import AwsProvider, ExternalProvider

from cdktf import TerraformStack, Testing  # isort: skip - the bindings start Node


@dataclass(frozen=True)
class Synthesized:
    """A stack's Terraform JSON, as text for cdktf's matchers and parsed."""

    text: str

    @property
    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.text)
        return document

    def resource(self, type_: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.json["resource"][type_][name]
        return found

    def data(self, type_: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.json["data"][type_][name]
        return found


Synthesize = Callable[..., Synthesized]
SPEC = LayerSpec("receipts", ("3.12",), "arm64", package="examples/receipts")


def synthesized(
    *, spec: LayerSpec = SPEC, infrastructure: dict[str, Any] | None = None, **settings: Any
) -> Synthesized:
    stack = TerraformStack(Testing.app(), "stack")
    AwsProvider(stack, "aws", region="eu-west-1")
    ExternalProvider(stack, "external")
    build = BuildInfrastructure(stack, "build", app=AppSpec("shop"), **(infrastructure or {}))
    layer = LambdaLayer(stack, spec.name, infrastructure=build, spec=spec, **settings)
    layer.add_output()
    return Synthesized(Testing.synth(stack))


@pytest.fixture
def synthesize() -> Synthesize:
    """What synthesizes a stack with one layer, as a test wants it."""
    return synthesized


@pytest.fixture(scope="session")
def plain() -> Synthesized:
    """A stack with one layer and no settings, synthesized once."""
    return synthesized()
