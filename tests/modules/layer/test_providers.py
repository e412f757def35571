from __future__ import annotations

import json

import pytest

from builder.errors import SpecError
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from modules.layer import BuildInfrastructure, LambdaLayer, Publisher
from modules.layer.bindings import AwsProvider

import cdktf  # isort: skip - the bindings start Node

SPEC = LayerSpec("web", ("3.12",), "arm64", dependencies=("rich",))


def test_everything_of_an_application_has_its_provider() -> None:
    stack = cdktf.TerraformStack(cdktf.Testing.app(), "stack")
    AwsProvider(stack, "aws", region="eu-west-1")
    west = AwsProvider(stack, "west", alias="west", region="us-west-2")
    build = BuildInfrastructure(stack, "build", app=AppSpec("shop", async_mode=True), provider=west)
    publisher = Publisher(stack, "publisher", infrastructure=build)
    LambdaLayer(stack, "web", infrastructure=build, spec=SPEC, publisher=publisher)
    document = json.loads(cdktf.Testing.synth(stack))
    found = {
        f"{type_}.{name}": resource.get("provider")
        for section in ("resource", "data")
        for type_, resources in document[section].items()
        for name, resource in resources.items()
    }
    others = {address for address, provider in found.items() if provider != "aws.west"}
    assert {address.partition(".")[0] for address in others} == {"terraform_data", "external"}
    assert found["aws_iam_role.web_role"] == "aws.west"
    assert found["aws_lambda_function.publisher_function"] == "aws.west"


def test_an_application_has_one_infrastructure_for_each_provider() -> None:
    stack = cdktf.TerraformStack(cdktf.Testing.app(), "stack")
    west = AwsProvider(stack, "west", alias="west", region="us-west-2")
    BuildInfrastructure(stack, "build", app=AppSpec("shop"))
    BuildInfrastructure(stack, "west-build", app=AppSpec("shop"), provider=west)
    with pytest.raises(SpecError, match="two infrastructures") as caught:
        BuildInfrastructure(stack, "again", app=AppSpec("shop"), provider=west)
    assert "provider=" in caught.value.fix
