from __future__ import annotations

import json
from typing import Any

from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from modules.layer import BuildInfrastructure, LambdaLayer
from modules.layer.bindings import AwsProvider, ExternalProvider, LambdaFunction

from cdktf_cdktf_provider_aws.data_aws_lambda_function import (  # isort: skip - the same
    DataAwsLambdaFunction as LookedUp,
)
from cdktf import (  # isort: skip - the bindings start Node
    TerraformResourceLifecycle,
    TerraformStack,
    Testing as Synthesis,
)

SPEC = LayerSpec("web", ("3.13",), "arm64", dependencies=("a",))


def described() -> tuple[TerraformStack, LambdaLayer]:
    """Return a stack with a layer, and the layer."""
    stack = TerraformStack(Synthesis.app(), "stack")
    AwsProvider(stack, "aws", region="eu-west-1")
    ExternalProvider(stack, "external")
    build = BuildInfrastructure(stack, "build", app=AppSpec("shop"))
    return stack, LambdaLayer(stack, "web", infrastructure=build, spec=SPEC)


def synthesized(**settings: Any) -> dict[str, Any]:
    """Return a function that has the layer, and one that has another's."""
    stack, layer = described()
    for name, layers in (("api", [layer.layer_arn]), ("other", ["arn:aws:lambda:x"]), ("no", None)):
        function = LambdaFunction(
            stack, name, function_name=name, role="arn:aws:iam::1:role/r", layers=layers, **settings
        )
        function.override_logical_id(name)
    found: dict[str, Any] = json.loads(Synthesis.synth(stack))["resource"]
    return dict(found["aws_lambda_function"])


def test_a_function_with_a_layer_must_be_in_its_region() -> None:
    functions = synthesized()

    (check,) = functions["api"]["lifecycle"]["postcondition"]
    assert check["condition"] == "${(self.region == local.build_place.region)}"
    assert "its layers (web) are in ${local.build_place.region}" in check["error_message"]


def test_functions_without_a_layer_of_ours_are_left_alone() -> None:
    functions = synthesized()

    assert "lifecycle" not in functions["other"]
    assert "lifecycle" not in functions["no"]


def test_a_function_that_is_only_looked_up_is_left_alone() -> None:
    stack, layer = described()
    found = LookedUp(stack, "api", function_name="api")
    LambdaFunction(stack, "copy", function_name="copy", role=found.role, layers=[layer.layer_arn])

    document = json.loads(Synthesis.synth(stack))

    (read,) = document["data"]["aws_lambda_function"].values()
    assert "lifecycle" not in read
    (made,) = document["resource"]["aws_lambda_function"].values()
    assert len(made["lifecycle"]["postcondition"]) == 1


def test_what_a_function_says_of_its_lifecycle_stays() -> None:
    own = TerraformResourceLifecycle(create_before_destroy=True, ignore_changes=["filename"])

    lifecycle = synthesized(lifecycle=own)["api"]["lifecycle"]

    assert lifecycle["create_before_destroy"] is True
    assert lifecycle["ignore_changes"] == ["filename"]
    assert len(lifecycle["postcondition"]) == 1
