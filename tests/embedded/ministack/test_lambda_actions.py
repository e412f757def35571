from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from embedded.ministack.lambda_actions import action, layer_version

if TYPE_CHECKING:
    from tests.embedded.conftest import Workshop

LAYERS = "/2018-10-31/layers"
ARN = "arn:aws:lambda:eu-central-1:123456789012:layer:numbers:3"


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("GET", LAYERS, {}, "ListLayers"),
        ("GET", LAYERS, {"find": ["LayerVersion"], "Arn": [ARN]}, "GetLayerVersion"),
        ("GET", f"{LAYERS}/numbers/versions", {}, "ListLayerVersions"),
        ("POST", f"{LAYERS}/numbers/versions", {}, "PublishLayerVersion"),
        ("GET", f"{LAYERS}/numbers/versions/3", {}, "GetLayerVersion"),
        ("DELETE", f"{LAYERS}/numbers/versions/3", {}, "DeleteLayerVersion"),
        ("GET", "/2015-03-31/functions/", {}, "ListFunctions"),
        ("GET", "/2015-03-31/functions/f/configuration", {}, "GetFunctionConfiguration"),
        ("PUT", "/2015-03-31/functions/f/configuration", {}, "UpdateFunctionConfiguration"),
        ("POST", "/2015-03-31/functions/f/invocations", {}, "InvokeFunction"),
    ],
)
def test_a_call_is_the_action_that_policies_name(
    method: str, path: str, query: dict[str, list[str]], expected: str
) -> None:
    assert action(method, path, query) == f"lambda:{expected}"


def test_what_is_no_operation_has_no_action() -> None:
    assert action("PATCH", LAYERS, {}) is None


def test_the_resource_is_the_version() -> None:
    where = ("eu-central-1", "123456789012")
    assert layer_version(f"{LAYERS}/numbers/versions/3", {}, *where) == ARN
    assert layer_version(f"{LAYERS}/numbers/versions/3/policy", {}, *where) == ARN
    assert layer_version(LAYERS, {"find": ["LayerVersion"], "Arn": [ARN]}, *where) == ARN
    assert layer_version(f"{LAYERS}/numbers/versions", {}, *where) is None


def test_a_policy_about_layer_versions_means_what_it_says(workshop: Workshop) -> None:
    content = workshop.zipped({"python/x.py": ""})
    own = workshop.aws.client("lambda")
    layer = own.publish_layer_version(LayerName=workshop.name, Content={"ZipFile": content})
    arn = layer["LayerVersionArn"]
    reader = workshop.aws.client(
        "lambda", workshop.aws.user(workshop.policy("lambda:GetLayerVersion", resource=arn))
    )

    assert reader.get_layer_version_by_arn(Arn=arn)["Version"] == 1
    assert reader.get_layer_version(LayerName=workshop.name, VersionNumber=1)["Version"] == 1
    attempts: list[Callable[[], object]] = [
        lambda: reader.list_layer_versions(LayerName=workshop.name),
        lambda: reader.delete_layer_version(LayerName=workshop.name, VersionNumber=1),
        lambda: reader.get_layer_version(LayerName=workshop.name, VersionNumber=2),
    ]
    for denied in attempts:
        with pytest.raises(ClientError, match="AccessDenied"):
            denied()
    assert len(own.list_layer_versions(LayerName=workshop.name)["LayerVersions"]) == 1
