"""What somebody deleted by hand is named by the next plan and corrected by the next apply."""

import pytest

from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Planned, Stack
from tests.terraform.packages import layer

FORMS = ("stack", "module")
APPROVAL = "aws_s3_object.web_approval"


@pytest.fixture(scope="module")
def stack(make: Make) -> Stack:
    stack = make(layer(), layer("tools"))
    quick_builds(stack)
    stack.apply()
    return stack


def is_due(stack: Stack) -> Planned:
    """Check that web alone is due, and that nothing is written by saying so."""
    planned = stack.plan()
    assert planned.exit_code == 2
    assert planned.writes == []
    assert list(planned.changes) == [APPROVAL]
    assert planned.document["output_changes"]["tools"]["actions"] == ["no-op"]
    return planned


def builds_of(stack: Stack) -> set[str]:
    """Return the ids of the builds that CodeBuild knows of the stack's project."""
    codebuild, project = stack.aws.client("codebuild"), f"{stack.name}-layers"
    if not codebuild.batch_get_projects(names=[project])["projects"]:
        return set()
    return set(codebuild.list_builds_for_project(projectName=project)["ids"])


def is_corrected(stack: Stack, *, builds: int) -> None:
    """Check that an apply mends it with so many builds, and that nothing is due then."""
    before = builds_of(stack)
    applied = stack.apply()
    # Not calls: for five minutes CodeBuild answers a call with the build that it started before.
    started = len(builds_of(stack) - before) if before else applied.builds
    assert started == builds, applied.said
    output = stack.output()
    assert output["status"] == "current"
    assert output["version"] in stack.versions()
    following = stack.plan()
    assert following.exit_code == 0, following.said
    assert following.writes == []


def test_a_deleted_layer_version_is_published_again(stack: Stack) -> None:
    before = stack.output()
    stack.aws.client("lambda").delete_layer_version(
        LayerName=f"{stack.name}-web", VersionNumber=before["version"]
    )
    planned = is_due(stack)
    assert planned.output()["reason"] == f"{before['layer_arn']} was deleted"
    is_corrected(stack, builds=0)
    assert stack.output()["version"] == before["version"] + 1


def test_a_deleted_artifact_is_made_again_of_what_its_build_left(stack: Stack) -> None:
    folder = f"web/artifacts/{stack.output()['fingerprint']}/"
    for key in stack.keys(folder):
        stack.delete(key)
    planned = is_due(stack)
    reason = planned.output()["reason"]
    assert reason == f"the artifact in s3://{stack.bucket}/{folder} is gone"
    # What the build left is still there, and CodeBuild vouches for it.
    is_corrected(stack, builds=0)


def test_an_artifact_that_is_deleted_wherever_it_was_is_built_again(stack: Stack) -> None:
    fingerprint = stack.output()["fingerprint"]
    for folder in ("artifacts", "built"):
        for key in stack.keys(f"web/{folder}/{fingerprint}/"):
            stack.delete(key)
    assert is_due(stack).output()["reason"].endswith("is gone")
    is_corrected(stack, builds=1)


def test_half_an_artifact_is_built_again(stack: Stack) -> None:
    fingerprint = stack.output()["fingerprint"]
    for folder in ("artifacts", "built"):
        stack.delete(f"web/{folder}/{fingerprint}/layer.zip")
    assert is_due(stack).output()["reason"].endswith("is gone")
    is_corrected(stack, builds=1)


def test_a_deleted_record_is_made_again_of_what_is_published(stack: Stack) -> None:
    before = stack.output()
    stack.delete("web/record.json")
    planned = is_due(stack)
    reason = planned.output()["reason"]
    assert reason == f"the record s3://{stack.bucket}/web/record.json is gone"
    is_corrected(stack, builds=0)
    after = stack.output()
    assert after["layer_arn"] == before["layer_arn"]
    assert after["fingerprint"] == before["fingerprint"]


def test_a_deleted_approval_is_written_again(stack: Stack) -> None:
    before = stack.output()
    stack.delete("web/approved")
    planned = is_due(stack)
    assert planned.changes == {APPROVAL: ["create"]}
    is_corrected(stack, builds=0)
    assert stack.output() == before


def test_a_deleted_approval_is_no_trouble_when_a_build_is_due(stack: Stack) -> None:
    stack.edit()
    stack.delete("web/approved")
    assert is_due(stack).output()["reason"] == "web/web/__init__.py changed"
    is_corrected(stack, builds=1)


def test_an_approval_written_by_hand_is_taken_back(stack: Stack) -> None:
    before = stack.output()
    stack.aws.client("s3").put_object(Bucket=stack.bucket, Key="web/approved", Body=b"build it!")
    planned = stack.plan()
    assert planned.writes == []
    assert stack.apply().builds == 0
    assert stack.output() == before
    assert stack.plan().exit_code == 0


def test_everything_deleted_at_once_is_corrected_by_one_apply(stack: Stack) -> None:
    stack.aws.client("lambda").delete_layer_version(
        LayerName=f"{stack.name}-web", VersionNumber=stack.output()["version"]
    )
    for key in stack.keys("web/"):
        stack.delete(key)
    planned = is_due(stack)
    assert planned.changes == {APPROVAL: ["create"]}
    is_corrected(stack, builds=1)


def test_a_bucket_deleted_by_hand_is_corrected_by_one_apply(make: Make) -> None:
    stack = make()
    quick_builds(stack)
    stack.apply()
    s3 = stack.aws.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=stack.bucket):
        for entry in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            s3.delete_object(Bucket=stack.bucket, Key=entry["Key"], VersionId=entry["VersionId"])
    s3.delete_bucket(Bucket=stack.bucket)
    planned = stack.plan()
    assert planned.exit_code == 2
    assert planned.writes == []
    assert planned.changes["aws_s3_bucket.build_bucket"] == ["create"]
    assert planned.changes[APPROVAL] == ["create"]
    is_corrected(stack, builds=1)


def test_a_deleted_project_and_log_group_are_no_reason_to_build(stack: Stack) -> None:
    stack.aws.client("codebuild").delete_project(name=f"{stack.name}-layers")
    stack.aws.client("logs").delete_log_group(logGroupName=f"/aws/codebuild/{stack.name}-layers")
    planned = stack.plan()
    assert set(planned.changes) == {
        "aws_codebuild_project.build_project",
        "aws_cloudwatch_log_group.build_logs",
    }
    assert planned.output()["layer_arn"] == stack.output()["layer_arn"]
    is_corrected(stack, builds=0)


def test_a_deleted_version_is_corrected_even_when_the_record_is_gone_too(stack: Stack) -> None:
    version = stack.output()["version"]
    stack.aws.client("lambda").delete_layer_version(
        LayerName=f"{stack.name}-web", VersionNumber=version
    )
    stack.delete("web/record.json")
    is_due(stack)
    is_corrected(stack, builds=0)
    assert stack.output()["version"] > version
