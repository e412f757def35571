from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from builder.errors import SpecError
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from modules.layer import BuildInfrastructure, LambdaLayer, Publisher

import cdktf  # isort: skip - the bindings start Node

if TYPE_CHECKING:
    from collections.abc import Callable

SPEC = LayerSpec("web", ("3.12",), "arm64", dependencies=("rich",))


@pytest.fixture
def build() -> Callable[..., BuildInfrastructure]:
    def build(app: cdktf.App, name: str = "shop", id_: str = "build") -> BuildInfrastructure:
        return BuildInfrastructure(
            cdktf.TerraformStack(app, f"{name}-stack"), id_, app=AppSpec(name)
        )

    return build


def test_two_layers_of_one_name_are_refused(build: Callable[..., BuildInfrastructure]) -> None:
    infrastructure = build(cdktf.Testing.app())
    stack = cdktf.TerraformStack.of(infrastructure)
    LambdaLayer(stack, "first", infrastructure=infrastructure, spec=SPEC)
    with pytest.raises(SpecError, match="two layers 'web' in application 'shop'") as caught:
        LambdaLayer(stack, "second", infrastructure=infrastructure, spec=SPEC)
    assert "first" in caught.value.where
    assert "second" in caught.value.where


def test_an_infrastructure_of_another_stack_is_refused(
    build: Callable[..., BuildInfrastructure],
) -> None:
    app = cdktf.Testing.app()
    theirs = cdktf.TerraformStack(app, "theirs")
    with pytest.raises(SpecError, match="is in stack 'theirs'") as caught:
        LambdaLayer(theirs, "web", infrastructure=build(app), spec=SPEC)
    assert "layer_arn" in caught.value.fix


def test_two_infrastructures_of_one_application_are_refused(
    build: Callable[..., BuildInfrastructure],
) -> None:
    stack = cdktf.TerraformStack.of(build(cdktf.Testing.app()))
    with pytest.raises(SpecError, match="two infrastructures of application 'shop'"):
        BuildInfrastructure(stack, "again", app=AppSpec("shop"))


def test_an_infrastructure_of_a_class_of_ones_own_counts_too(
    build: Callable[..., BuildInfrastructure],
) -> None:
    class Ours(BuildInfrastructure):
        """What a company adds to it."""

    stack = cdktf.TerraformStack.of(build(cdktf.Testing.app()))
    with pytest.raises(SpecError, match="two infrastructures of application 'shop'"):
        Ours(stack, "again", app=AppSpec("shop"))


def test_two_applications_in_one_stack_have_layers_of_one_name(
    build: Callable[..., BuildInfrastructure],
) -> None:
    infrastructure = build(cdktf.Testing.app())
    stack = cdktf.TerraformStack.of(infrastructure)
    other = BuildInfrastructure(stack, "other", app=AppSpec("bakery"))
    LambdaLayer(stack, "web", infrastructure=infrastructure, spec=SPEC)
    layer = LambdaLayer(stack, "bakery-web", infrastructure=other, spec=SPEC)
    assert layer.layer_arn


def test_a_layer_that_would_have_anothers_address_is_refused(
    build: Callable[..., BuildInfrastructure],
) -> None:
    infrastructure = build(cdktf.Testing.app())
    stack = cdktf.TerraformStack.of(infrastructure)
    LambdaLayer(stack, "any-other", infrastructure=infrastructure, spec=SPEC)
    with pytest.raises(SpecError, match="two constructs would be web in Terraform"):
        BuildInfrastructure(stack, "web", app=AppSpec("bakery"))


def test_a_layer_may_have_the_name_of_its_infrastructure(
    build: Callable[..., BuildInfrastructure],
) -> None:
    infrastructure = build(cdktf.Testing.app())
    stack = cdktf.TerraformStack.of(infrastructure)
    named_build = replace(SPEC, name="build")
    LambdaLayer(stack, "any", infrastructure=infrastructure, spec=named_build)
    document = json.loads(str(cdktf.Testing.synth(stack)))
    assert "build_build_approval" in document["resource"]["aws_s3_object"]


def test_a_layer_and_a_publisher_of_one_address_are_refused(
    build: Callable[..., BuildInfrastructure],
) -> None:
    """Both have a role: the publisher would run under the one that is for builds."""
    infrastructure = build(cdktf.Testing.app(), id_="shop")
    stack = cdktf.TerraformStack.of(infrastructure)
    spec = replace(SPEC, name="publisher")
    Publisher(infrastructure, "publisher", infrastructure=infrastructure)
    with pytest.raises(SpecError, match="two constructs would be shop_publisher in") as caught:
        LambdaLayer(stack, "any", infrastructure=infrastructure, spec=spec)
    assert "another id" in caught.value.fix
    other = BuildInfrastructure(stack, "build", app=AppSpec("bakery"))
    LambdaLayer(stack, "any-other", infrastructure=other, spec=spec)
    with pytest.raises(SpecError, match="two constructs would be publisher in Terraform"):
        Publisher(stack, "publisher", infrastructure=other)


def test_two_applications_cannot_share_an_output(
    build: Callable[..., BuildInfrastructure],
) -> None:
    infrastructure = build(cdktf.Testing.app())
    stack = cdktf.TerraformStack.of(infrastructure)
    other = BuildInfrastructure(stack, "other", app=AppSpec("bakery"))
    LambdaLayer(stack, "web", infrastructure=infrastructure, spec=SPEC).add_output()
    layer = LambdaLayer(stack, "bakery-web", infrastructure=other, spec=SPEC)
    with pytest.raises(SpecError, match=r"two constructs would be output\.web") as caught:
        layer.add_output()
    assert 'add_output("bakery-web")' in caught.value.fix
    assert layer.add_output("bakery-web").friendly_unique_id == "bakery-web"
