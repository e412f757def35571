from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from embedded.codebuild.lambda_compute import check
from embedded.codebuild.settings import InvalidInput, merge
from tests.embedded.codebuild.test_settings import PROJECT

if TYPE_CHECKING:
    from tests.embedded.conftest import Workshop

REGION = "eu-central-1"
ON_LAMBDA = {
    "environmentTypeOverride": "LINUX_LAMBDA_CONTAINER",
    "computeTypeOverride": "BUILD_LAMBDA_4GB",
    "imageOverride": "aws/codebuild/amazonlinux-x86_64-lambda-standard:python3.12",
    "imagePullCredentialsTypeOverride": "CODEBUILD",
}
ARM = "aws/codebuild/amazonlinux-aarch64-lambda-standard:python3.13"


def judged(project: dict[str, Any] | None = None, region: str = REGION, **more: Any) -> None:
    request = {**ON_LAMBDA, **more}
    check(request, merge({**PROJECT, **(project or {})}, request), region)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"environmentTypeOverride": "ARM_LAMBDA_CONTAINER", "imageOverride": ARM},
        {"computeTypeOverride": "BUILD_LAMBDA_10GB"},
        {"cacheOverride": {"type": "NO_CACHE"}},
        {"imageOverride": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/mine:1"},
    ],
)
def test_what_lambda_compute_can_do_is_accepted(more: dict[str, Any]) -> None:
    judged(**more)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"cacheOverride": {"type": "LOCAL", "modes": ["LOCAL_SOURCE_CACHE"]}}, "specify cache"),
        ({"privilegedModeOverride": True}, "specify privilegedMode"),
        ({"timeoutInMinutesOverride": 10}, "specify timeoutInMinutes"),
        ({"queuedTimeoutInMinutesOverride": 10}, "specify queuedTimeoutInMinutes"),
        ({"computeTypeOverride": "BUILD_GENERAL1_SMALL"}, "not BUILD_GENERAL1_SMALL"),
        ({"imageOverride": "public.ecr.aws/sam/build-python3.12:latest"}, "has no image"),
        ({"imageOverride": ARM}, "not an image for x86_64"),
        ({"imageOverride": ARM.replace("3.13", "3.9")}, "has no image"),
        ({"imagePullCredentialsTypeOverride": "SERVICE_ROLE"}, "CODEBUILD credentials"),
        ({"environmentTypeOverride": "LINUX_CONTAINER"}, "only available for"),
    ],
)
def test_what_lambda_compute_cannot_do_is_refused(more: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        judged(**more)


@pytest.mark.parametrize(
    "project",
    [
        {"vpcConfig": {"vpcId": "vpc-1"}},
        {"badgeEnabled": True},
        {"fileSystemLocations": [{"type": "EFS"}]},
        {"cache": {"type": "S3", "location": "b/k"}},
    ],
)
def test_a_project_that_lambda_compute_cannot_serve_is_refused(project: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="for lambda compute"):
        judged(project)


def test_regions_without_it_refuse_it() -> None:
    with pytest.raises(InvalidInput, match="not available in eu-north-1"):
        judged(region="eu-north-1")


def test_a_build_there_has_no_root_and_the_images_environment(workshop: Workshop) -> None:
    spec = """
version: 0.2
phases:
  build:
    commands:
      - echo "home is tmp $([ "$HOME" = "$TMPDIR" ] && echo yes)"
      - echo "modules in ${PYTHONPATH#$HOME}"
      - dnf install -y libpq-devel
"""
    record = workshop.build(spec, **ON_LAMBDA)

    assert record["buildStatus"] == "FAILED"
    lines = workshop.log(record)
    assert "home is tmp yes" in lines
    assert "modules in /opt/python/site-packages" in lines
    assert any("superuser privileges" in line for line in lines)


def test_a_project_of_lambda_compute_may_not_have_time_outs(workshop: Workshop) -> None:
    client = workshop.codebuild
    environment = {
        "type": "LINUX_LAMBDA_CONTAINER",
        "computeType": "BUILD_LAMBDA_1GB",
        "image": ON_LAMBDA["imageOverride"],
    }
    common: dict[str, Any] = {
        "name": f"p-{uuid.uuid4().hex[:12]}",
        "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2"},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": environment,
        "serviceRole": workshop.role_arn,
    }
    with pytest.raises(client.exceptions.InvalidInputException, match="queuedTimeoutInMinutes"):
        client.create_project(**common, queuedTimeoutInMinutes=480)
    assert client.create_project(**common)["project"]["environment"]["type"] == environment["type"]
