from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from builder.protocol.keys import push_project
from builder.spec.compute import PUSHES
from builder.spec.layer_spec import LayerSpec
from modules.layer.pusher import bases

if TYPE_CHECKING:
    from tests.modules.layer.conftest import Synthesize

LAYER = LayerSpec("web", ("3.12",), "arm64", dependencies=("requests",))
IMAGE = LayerSpec("web", ("3.12",), "arm64", dependencies=("requests",), image=True)


def test_an_image_is_pushed_by_a_project_of_its_own_that_is_not_privileged(
    synthesize: Synthesize,
) -> None:
    found = synthesize(spec=IMAGE)
    project = found.resource("aws_codebuild_project", "web_push")

    assert project["name"] == push_project("shop-layers", "web") == "shop-layers_web"
    (environment,) = [project["environment"]]
    assert environment["image"] == PUSHES.image
    assert "privileged_mode" not in environment
    assert project["source"]["type"] == "NO_SOURCE"
    assert "builder.pusher" in project["source"]["buildspec"]
    assert project["artifacts"] == {"type": "NO_ARTIFACTS"}


def test_its_role_trusts_that_project_alone(synthesize: Synthesize) -> None:
    found = synthesize(spec=IMAGE)
    role = found.resource("aws_iam_role", "web_push-role")

    (statement,) = json.loads(role["assume_role_policy"])["Statement"]
    source = statement["Condition"]["StringEquals"]["aws:SourceArn"]
    assert source.endswith(":project/shop-layers_web")
    project = found.resource("aws_codebuild_project", "web_push")
    assert project["service_role"] == "${aws_iam_role.web_push-role.arn}"


def test_a_release_waits_for_it_and_a_destroy_ends_it_after_the_images(
    synthesize: Synthesize,
) -> None:
    found = synthesize(spec=IMAGE)
    wanted = "aws_codebuild_project.web_push"

    assert wanted in found.resource("aws_s3_object", "web_approval")["depends_on"]
    assert wanted in found.resource("terraform_data", "build_retire")["depends_on"]


def test_what_is_no_image_has_nothing_that_pushes(synthesize: Synthesize) -> None:
    found = synthesize(spec=LAYER)

    assert list(found.json["resource"]["aws_codebuild_project"]) == ["build_project"]


@pytest.mark.parametrize(
    ("base", "arn"),
    [
        ("", ""),
        ("public.ecr.aws/lambda/python:3.13", ""),
        ("registry.example.com/123456789012.dkr.ecr.eu-west-1.amazonaws.com/python", ""),
        (
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/bases/python:3",
            "arn:aws:ecr:eu-west-1:123456789012:repository/bases/python",
        ),
        (
            f"123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/python@sha256:{64 * '0'}",
            "arn:aws:ecr:us-east-1:123456789012:repository/python",
        ),
        (
            "123456789012.dkr-ecr.eu-west-1.on.aws/python",
            "arn:aws:ecr:eu-west-1:123456789012:repository/python",
        ),
    ],
)
def test_a_base_in_a_private_registry_may_be_pulled(base: str, arn: str) -> None:
    found = bases(base, "aws")

    assert [each["Resource"] for each in found] == ([[arn]] if arn else [])
    assert all(
        each["Action"] == ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"] for each in found
    )
