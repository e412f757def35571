import pytest

from builder.aws.iam import Iam
from builder.operations.doctor.findings import Finding
from builder.operations.doctor.permissions import APPLY, PLAN
from builder.operations.doctor.rights import examine_rights
from builder.spec.app_spec import AppSpec
from tests.builder.aws.test_iam import role
from tests.builder.conftest import World


def examined(world: World, principal: str, wanted: str = PLAN) -> list[Finding]:
    app = AppSpec(world.name)
    return list(examine_rights(Iam(world.session), wanted, principal, app, [world.layer()]))


def allow(world: World, *actions: str) -> str:
    return role(world, {"Effect": "Allow", "Action": list(actions), "Resource": "*"})


PLANS = ("s3:GetObject", "s3:ListBucket", "lambda:GetLayerVersion", "codebuild:BatchGetBuilds")


def test_a_role_that_may_plan_may_not_apply_and_each_lack_is_named(world: World) -> None:
    planner = allow(world, *PLANS)

    (finding,) = examined(world, planner)
    assert (finding.subject, finding.verdict) == ("permissions: plan", "ok")
    lacking = examined(world, planner, APPLY)
    assert {finding.verdict for finding in lacking} == {"problem"}
    seen = [finding.seen for finding in lacking]
    assert f"{planner} may not codebuild:StartBuild on " in "\n".join(seen)
    assert all("docs/permissions.md" in finding.fix for finding in lacking)


def test_the_root_user_is_not_asked_for(world: World) -> None:
    (finding,) = examined(world, "arn:aws:iam::123456789012:root", APPLY)

    assert finding.verdict == "ok"


def test_permissions_that_cannot_be_simulated_are_unknown_and_no_problem(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    planner = allow(world, *PLANS)
    world.become(monkeypatch, *PLANS)

    (finding,) = examined(world, planner)
    assert finding.verdict == "unknown"
    assert "iam:SimulatePrincipalPolicy" in finding.seen + finding.fix
