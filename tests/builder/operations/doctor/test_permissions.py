from pathlib import Path

import pytest

import builder
from builder.operations.doctor.permissions import (
    APPLY,
    BUILDS,
    MOVES,
    OPERATOR,
    PLAN,
    PRUNES,
    PUBLISHER,
    PUSHES,
    READS,
    RELEASES,
    RUNS_SERVICES,
    SEES_IMAGES,
    SEES_LAYER_OF_SERVICE,
    SEES_SERVICES,
    STARTS_PUSHES,
    USED_BY_SERVICES,
    USES_IMAGES,
    needs,
    needs_of_service,
)

DOCS = Path(builder.__file__).parents[1] / "docs" / "permissions.md"
NAMES = {
    "bucket": "BUCKET", "lambda": "LAMBDA", "codebuild": "CODEBUILD", "logs": "LOGS",
    "app": "billing", "layer": "web", "layer_name": "billing-web", "project": "P",
    "build_role": "ROLE", "log_group": "G",
}  # fmt: skip


def actions(role: str, functions: tuple[str, ...] = (), *, prunes: bool = False) -> set[str]:
    found = needs(role, NAMES, functions=functions, prunes=prunes)
    return {action for need in found for action in need.actions}


@pytest.mark.parametrize(
    "table",
    [
        *(READS, RELEASES, BUILDS, MOVES, PRUNES, SEES_SERVICES, RUNS_SERVICES),
        *(SEES_IMAGES, PUSHES, STARTS_PUSHES, USES_IMAGES),
        *(SEES_LAYER_OF_SERVICE, USED_BY_SERVICES),
    ],
)
def test_every_action_is_documented(table: dict[str, tuple[str, ...]]) -> None:
    text = DOCS.read_text()

    for action in (action for found in table.values() for action in found):
        assert f"`{action}`" in text, action


def test_a_plan_needs_nothing_that_writes() -> None:
    verbs = {action.partition(":")[2] for action in actions(PLAN)}

    assert all(verb.startswith(("Get", "List", "BatchGet")) for verb in verbs)


def test_only_who_applies_starts_builds() -> None:
    assert "codebuild:StartBuild" in actions(APPLY)
    assert "iam:PassRole" in actions(APPLY)
    assert actions(PUBLISHER) == actions(APPLY) - {"codebuild:StartBuild", "iam:PassRole"}
    assert actions(PUBLISHER) >= actions(PLAN)


def test_functions_and_pruning_need_more_only_where_they_are_used() -> None:
    assert "lambda:UpdateFunctionConfiguration" not in actions(APPLY)
    moved = needs(APPLY, NAMES, functions=("api",))
    assert [need.resource for need in moved if "function" in need.resource] == [
        "LAMBDA:function:api"
    ]
    assert "lambda:ListFunctions" not in actions(APPLY)
    pruning = {"lambda:ListFunctions", "s3:DeleteObject", "s3:DeleteObjectVersion"}
    assert actions(APPLY, prunes=True) >= pruning


def test_resources_are_those_of_the_layer() -> None:
    assert {need.resource for need in needs(PLAN, NAMES)} == {
        "BUCKET/web/*", "BUCKET", "LAMBDA:layer:billing-web:*", "CODEBUILD:project/P",
    }  # fmt: skip


SERVICE = {
    "data": "DATA", "prefix": "chroma/", "ecs": "ECS", "ecr": "ECR", "logs": "LOGS",
    "service": "billing-chroma", "repository": "billing-chroma",
    "service_logs": "/services/billing-chroma",
}  # fmt: skip


def test_who_sees_a_service_cannot_change_it_and_who_runs_it_reaches_no_other() -> None:
    seen = needs_of_service(PLAN, SERVICE)
    run = needs_of_service(OPERATOR, SERVICE)

    verbs = {action.partition(":")[2] for need in seen for action in need.actions}
    assert all(verb.startswith(("Get", "List", "Describe")) for verb in verbs)
    assert {need.resource for need in run} == {
        "ECS:task/billing-chroma/*", "DATA/chroma/snapshots/*", "*",
        "ECS:task-definition/billing-chroma:*", "ECR:repository/billing-chroma",
    }  # fmt: skip
    assert needs_of_service(APPLY, SERVICE) == needs_of_service(PUBLISHER, SERVICE) == []


def test_the_images_of_a_layer_are_seen_through_its_service_and_not_deleted() -> None:
    of_layer = {**SERVICE, "repository": "billing/server"}
    seen = needs_of_service(PLAN, of_layer, layer=True)
    run = needs_of_service(OPERATOR, of_layer, layer=True)

    assert {need.resource for need in seen} >= {"ECR:repository/billing/server"}
    assert any("ecs:DescribeTaskDefinition" in need.actions for need in seen)
    assert not any(need.resource.startswith("ECR:") for need in run)


def test_pruning_the_images_of_a_service_looks_for_its_tasks() -> None:
    found = needs(APPLY, IMAGE_NAMES, image=True, prunes=True, supervisor=True)
    without = needs(APPLY, IMAGE_NAMES, image=True, prunes=True)

    assert {action for need in found for action in need.actions} >= {"ecs:ListClusters"}
    assert not any(a.startswith("ecs:") for need in without for a in need.actions)


IMAGE_NAMES = {**NAMES, "layer_name": "billing/web", "ecr": "ECR"}


def image_actions(role: str, *, prunes: bool = False) -> dict[str, set[str]]:
    """Return the actions that a layer which is an image needs, by resource."""
    found: dict[str, set[str]] = {}
    for need in needs(role, IMAGE_NAMES, image=True, prunes=prunes):
        found.setdefault(need.resource, set()).update(need.actions)
    return found


def test_an_image_needs_its_repository_and_nothing_of_lambdas_layers() -> None:
    for role in (PLAN, APPLY, PUBLISHER):
        found = image_actions(role, prunes=role == APPLY)
        assert not [resource for resource in found if "LAMBDA" in resource]
        assert [resource for resource in found if "ECR" in resource] == [
            "ECR:repository/billing/web"
        ]


def test_a_plan_of_an_image_pushes_and_deletes_nothing() -> None:
    found = image_actions(PLAN)

    assert found["*"] == {"ecr:GetAuthorizationToken"}
    assert found["ECR:repository/billing/web"] == {
        "ecr:DescribeImages", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer",
    }  # fmt: skip


def test_who_applies_starts_the_push_of_an_image_and_cannot_push() -> None:
    found = image_actions(APPLY)

    assert found["CODEBUILD:project/P_web"] == {
        "codebuild:BatchGetBuilds", "codebuild:ListBuildsForProject", "codebuild:StartBuild",
    }  # fmt: skip
    assert found["ECR:repository/billing/web"] == {
        "ecr:DescribeImages", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer",
        "ecr:BatchDeleteImage",
    }  # fmt: skip


def test_the_publisher_starts_pushes_and_no_build_of_an_image() -> None:
    found = image_actions(PUBLISHER)

    assert "codebuild:StartBuild" in found["CODEBUILD:project/P_web"]
    assert "codebuild:StartBuild" not in found["CODEBUILD:project/P"]
    assert "ROLE" not in found


def test_functions_are_asked_for_their_image_only_where_old_ones_are_pruned() -> None:
    assert "lambda:GetFunction" not in image_actions(APPLY)["*"]
    assert image_actions(APPLY, prunes=True)["*"] >= {"lambda:ListFunctions", "lambda:GetFunction"}
