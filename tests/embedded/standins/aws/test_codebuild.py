from typing import Any

import pytest

from embedded.aws import EmbeddedAws
from tests.embedded.standins.conftest import Stack

pytestmark = pytest.mark.usefixtures("terraform")


def project(stack: Stack, aws: EmbeddedAws, **more: Any) -> dict[str, Any]:
    declared = {
        "name": stack.name,
        "service_role": f"arn:aws:iam::{aws.identity.account}:role/build",
        "artifacts": {"type": "S3", "location": "a-bucket"},
        "environment": {
            "type": "LINUX_CONTAINER",
            "compute_type": "BUILD_GENERAL1_SMALL",
            "image": "public.ecr.aws/sam/build-python3.12:latest",
        },
        "source": {"type": "S3", "location": "a-bucket/bundle.zip", "buildspec": "version: 0.2"},
        **more,
    }
    return {"aws_codebuild_project": {"it": declared}}


def test_a_change_by_hand_is_seen_and_corrected(stack: Stack, aws: EmbeddedAws) -> None:
    stack.write(project(stack, aws))
    stack.apply()
    assert stack.changes() == {}
    codebuild = aws.client("codebuild")
    (found,) = codebuild.batch_get_projects(names=[stack.name])["projects"]
    codebuild.update_project(
        name=stack.name, environment={**found["environment"], "image": "aws/codebuild/standard:7.0"}
    )
    assert stack.changes() == {"aws_codebuild_project.it": ["update"]}
    stack.run("apply", "plan")
    (corrected,) = codebuild.batch_get_projects(names=[stack.name])["projects"]
    assert corrected["environment"]["image"].startswith("public.ecr.aws/sam/")


def test_a_cache_is_kept_when_its_block_is_removed(stack: Stack, aws: EmbeddedAws) -> None:
    """So does the real provider: it suppresses the difference."""
    stack.write(project(stack, aws, cache={"type": "S3", "location": "a-bucket/cache"}))
    stack.apply()
    stack.write(project(stack, aws))
    assert stack.changes() == {}
    stack.write(project(stack, aws, cache={"type": "NO_CACHE"}))
    assert stack.changes() == {"aws_codebuild_project.it": ["update"]}
    stack.run("apply", "plan")
    assert stack.changes() == {}


def test_what_the_real_provider_refuses_is_refused(stack: Stack, aws: EmbeddedAws) -> None:
    stack.write(project(stack, aws, cache={"type": "S3"}))
    assert "cache location is required" in stack.refused("plan")
    stack.write(project(stack, aws, arn="x", badge_enabled="perhaps"))
    assert "a bool is required" in stack.refused()
    stack.write(project(stack, aws, arn="x"))
    assert "arn is decided by the provider" in stack.refused()
    declared = project(stack, aws)
    del declared["aws_codebuild_project"]["it"]["service_role"]
    stack.write(declared)
    assert 'The argument "service_role" is required' in stack.refused()
