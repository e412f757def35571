from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cdktf
import pytest

from builder.errors import SpecError
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from modules.layer import BuildInfrastructure, LambdaLayer
from modules.layer.bindings import AwsProvider, ExternalProvider
from modules.layer.repository import repository
from tests.modules.layer.conftest import Synthesized

if TYPE_CHECKING:
    from tests.modules.layer.conftest import Synthesize

IMAGE = LayerSpec("web", ("3.12",), "arm64", dependencies=("requests",), image=True)


def made(**settings: Any) -> Synthesized:
    """Synthesize a repository."""
    stack = cdktf.TerraformStack(cdktf.Testing.app(), "stack")
    AwsProvider(stack, "aws", region="eu-west-1")
    settings = {"kms_key": "", "force_delete": False, **settings}
    repository(stack, "shop/web", **settings)
    return Synthesized(cdktf.Testing.synth(stack))


def test_what_a_tag_names_stays_and_a_repository_with_images_is_not_deleted() -> None:
    found = made().resource("aws_ecr_repository", "repository")

    assert found["name"] == "shop/web"
    assert found["image_tag_mutability"] == "IMMUTABLE"
    assert found["force_delete"] is False
    assert found["image_scanning_configuration"] == {"scan_on_push": True}
    assert "encryption_configuration" not in found


def test_only_images_without_a_tag_are_forgotten() -> None:
    found = made().resource("aws_ecr_lifecycle_policy", "image-lifecycle")

    (rule,) = json.loads(found["policy"])["rules"]
    assert rule["selection"]["tagStatus"] == "untagged"
    assert rule["action"] == {"type": "expire"}
    assert found["repository"] == "${aws_ecr_repository.repository.name}"


def test_a_key_encrypts_it_and_a_caller_can_let_it_go_with_its_images() -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:key/k"
    found = made(kms_key=key, force_delete=True).resource("aws_ecr_repository", "repository")

    assert found["encryption_configuration"] == [{"encryption_type": "KMS", "kms_key": key}]
    assert found["force_delete"] is True


def test_a_layer_that_is_an_image_has_a_repository_that_goes_after_its_images(
    synthesize: Synthesize,
) -> None:
    stack = synthesize(spec=IMAGE)

    assert stack.resource("aws_ecr_repository", "web_repository")["name"] == "shop/web"
    approval = stack.resource("aws_s3_object", "web_approval")
    assert {
        "aws_ecr_repository.web_repository",
        "aws_ecr_lifecycle_policy.web_image-lifecycle",
    } <= set(approval["depends_on"])
    # What depends on it is destroyed before it.
    retire = stack.resource("terraform_data", "build_retire")
    assert "aws_ecr_repository.web_repository" in retire["depends_on"]
    assert stack.data("external", "build_plan")["query"]["web.layer_name"] == "shop/web"


def test_a_layer_has_no_repository(plain: Synthesized) -> None:
    assert "aws_ecr_repository" not in plain.json["resource"]


def test_the_output_of_an_image_has_its_address_and_no_arn(synthesize: Synthesize) -> None:
    output = synthesize(spec=IMAGE).json["output"]["web"]["value"]

    assert output["image_uri"] == "${local.web_answer.image_uri}"
    assert "layer_arn" not in output


def test_the_arn_of_an_image_is_refused_with_what_to_use() -> None:
    stack = cdktf.TerraformStack(cdktf.Testing.app(), "stack")
    AwsProvider(stack, "aws", region="eu-west-1")
    ExternalProvider(stack, "external")
    build = BuildInfrastructure(stack, "build", app=AppSpec("shop"))
    layer = LambdaLayer(stack, "web", infrastructure=build, spec=IMAGE)

    with pytest.raises(SpecError, match="is an image, and has no layer_arn"):
        _ = layer.layer_arn


def test_images_are_not_retained_and_the_plan_says_so(synthesize: Synthesize) -> None:
    expression = cdktf.Token.as_string(cdktf.Fn.one([False]))
    stack = synthesize(spec=IMAGE, retain_versions=expression)
    found = stack.resource("aws_ecr_repository", "web_repository")
    (condition,) = found["lifecycle"]["precondition"]

    assert condition["condition"] == "${!one([false])}"
    assert condition["error_message"].startswith("Layer 'web' is an image, and retain_versions")
    assert "out of Terraform's state" in condition["error_message"]

    with pytest.raises(SpecError, match="retain_versions cannot keep it"):
        synthesize(spec=IMAGE, retain_versions=True)


def test_a_plan_of_the_end_of_an_image_says_what_goes(synthesize: Synthesize) -> None:
    retired = synthesize(spec=IMAGE).json["locals"]["build_retirements"]

    assert "their repository if none is left" in retired["web"]["on_destroy"]
