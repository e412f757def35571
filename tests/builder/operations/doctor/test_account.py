from collections.abc import Mapping
from dataclasses import replace

import pytest

from builder.aws.codebuild import BuildState, Phase
from builder.operations.doctor.account import _image, examine_account
from builder.operations.doctor.findings import Finding
from builder.spec.app_spec import AppSpec
from tests.builder.conftest import World
from tests.builder.operations.test_watch import begun

IMAGE = "public.ecr.aws/sam/build-python3.12:latest-arm64"


def examined(world: World) -> Mapping[str, Finding]:
    # The world's project is not called as an application's is.
    found = examine_account(AppSpec(world.name), [world.layer()], world.session)
    return {finding.subject: finding for finding in found}


def test_an_applied_stack_is_well(world: World) -> None:
    s3 = world.aws.client("s3")
    s3.put_public_access_block(
        Bucket=world.name,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True, "BlockPublicPolicy": True,
            "IgnorePublicAcls": True, "RestrictPublicBuckets": True,
        },
    )  # fmt: skip
    build = world.release().build_id
    found = examined(world)

    verdicts = {subject: finding.verdict for subject, finding in found.items()}
    assert set(verdicts.values()) == {"ok"}, verdicts
    assert build in found["image"].seen
    assert world.session.caller in found["credentials"].seen


def test_what_the_stack_should_have_made_is_missed(world: World) -> None:
    s3 = world.aws.client("s3")
    s3.put_bucket_versioning(Bucket=world.name, VersioningConfiguration={"Status": "Suspended"})
    world.aws.client("codebuild").delete_project(name=world.name)

    found = examined(world)
    assert found["bucket"].verdict == "ok"
    assert found["bucket: versioned"].verdict == "problem"
    assert found["project"].verdict == "problem"
    assert "terraform apply" in found["project"].fix

    s3.delete_bucket(Bucket=world.name)
    assert examined(world)["bucket"].verdict == "problem"


def test_an_image_that_no_build_has_used_is_unknown(world: World) -> None:
    assert examined(world)["image"].verdict == "unknown"


def test_an_image_that_codebuild_could_not_get_is_a_problem(world: World) -> None:
    release = world.release()
    begun(world)
    state = world.services.codebuild.state(release.build_id)
    assert state is not None
    failed = replace(state, failure="PROVISIONING: CannotPullContainerError", status="FAILED")

    assert _image(IMAGE, [failed, state]).verdict == "problem"
    assert "CannotPullContainerError" in _image(IMAGE, [failed, state]).seen
    queued: BuildState = replace(state, phases=(Phase("QUEUED", "", 1.0),))
    assert _image(IMAGE, [queued, failed]).verdict == "problem"


def test_who_may_see_little_gets_findings_and_no_error(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.become(monkeypatch, "s3:ListBucket")

    found = examined(world)
    assert found["permissions: plan"].verdict == "unknown"
    assert "iam:SimulatePrincipalPolicy" in found["permissions: plan"].seen
    apply = found["permissions: apply"]
    assert (apply.verdict, apply.seen) == ("unknown", "for the same reason as permissions: plan")
    assert found["project"].verdict == "problem"
    assert "codebuild:BatchGetProjects" in found["project"].seen
