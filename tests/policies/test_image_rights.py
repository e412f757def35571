"""Each right that doctor asks for a layer that is an image is needed: without it, a flow fails.

The flow releases an image twice under the policy that docs/permissions.md describes, and prunes.
``make test`` takes a few actions out, ``make policies`` each of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from builder.errors import AwsError, LayerError
from builder.operations.doctor.permissions import APPLY, PLAN, needs
from builder.release.plan import plan
from builder.release.prune import prune, pruning_of
from tests.builder.conftest import World
from tests.builder.layer.test_image_versions import image_layer, pushed
from tests.policies.flows import acting, arn
from tests.policies.mutations import Document
from tests.registry import Registry

NOTICED = (
    "codebuild:BatchGetBuilds",
    "codebuild:ListBuildsForProject",
    "codebuild:StartBuild",
    "ecr:BatchDeleteImage",
    "ecr:BatchGetImage",
    "ecr:DescribeImages",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "iam:PassRole",
    "lambda:GetFunction",
    "lambda:ListFunctions",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:PutObject",
)

NOT_JUDGED = {
    "logs:GetLogEvents": "the words of a failed build, and none fails here",
}
"""Actions whose lack is not noticed here, and why they are there."""

QUICK = ("ecr:BatchDeleteImage", "ecr:BatchGetImage", "lambda:GetFunction")
CHOSEN = NOTICED if os.environ.get("POLICY_MUTATIONS") == "all" else QUICK


@pytest.fixture
def base() -> Iterator[Registry]:
    """A registry with what images are built on."""
    with Registry().serving() as registry:
        registry.index("python", "3", files={"usr/bin/python3": b"an interpreter"})
        yield registry


def policy(name: str, build_role: str, role: str = APPLY, *, without: str = "") -> Document:
    """Return what doctor asks for the layer web of an application, without one action."""
    names = {
        "bucket": f"arn:aws:s3:::{name}",
        "codebuild": arn("codebuild", "").removesuffix(":"),
        "logs": arn("logs", "").removesuffix(":"),
        "ecr": arn("ecr", "").removesuffix(":"),
        "project": name,
        "build_role": build_role,
        "log_group": f"/aws/codebuild/{name}",
        "app": name,
        "layer": "web",
    }
    found = needs(role, names, prunes=role == APPLY, image=True)
    statements = [
        {"Effect": "Allow", "Action": left, "Resource": [need.resource]}
        for need in found
        if (left := [action for action in need.actions if action != without])
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def function_with(world: World, image: str) -> None:
    """Make a function that has an image."""
    lambda_: Any = world.aws.client("lambda")
    lambda_.create_function(
        FunctionName=world.name, PackageType="Image", Code={"ImageUri": image}, Role=world.role
    )


def seen(world: World, base: Registry, document: Document) -> list[str]:
    """Release an image three times and prune under a policy; return the images that are left.

    A function has the first. Raise LayerError when a right is missing.
    """
    image_layer(world, base)  # the repository is there before anything is released
    with acting(world, document) as mine:
        for number in range(3):
            mine.edit()
            release = mine.release(image_layer(mine, base))
            if number == 0:
                function_with(world, release.image_uri)
        layer = image_layer(mine, base)
        prune(layer, pruning_of(layer, 1), lambda _line: None)
    return sorted(tag.rpartition("-")[2] for tag in pushed(world))


def test_every_action_is_tried_or_has_a_reason() -> None:
    statements = policy("app", "arn:aws:iam::123456789012:role/app")["Statement"]
    asked = {action for statement in statements for action in statement["Action"]}

    assert asked == {*NOTICED, *NOT_JUDGED}


@pytest.mark.slow
def test_an_image_is_released_and_pruned_under_what_doctor_asks(
    world: World, base: Registry
) -> None:
    assert seen(world, base, policy(world.name, world.role)) == ["1", "3"]


@pytest.mark.slow
def test_a_plan_of_an_image_may_do_with_what_doctor_asks_of_plans(
    world: World, base: Registry
) -> None:
    world.release(image_layer(world, base))

    with acting(world, policy(world.name, world.role, PLAN)) as mine:
        assert plan(image_layer(mine, base)).status == "current"
        mine.edit()
        layer = image_layer(mine, base)
        assert plan(layer).status == "stale"
        with pytest.raises(AwsError, match="may not ecr:BatchDeleteImage"):
            layer.services.layers.delete(layer.site.layer_name, 1)


@pytest.mark.slow
@pytest.mark.parametrize("action", CHOSEN)
def test_without_an_action_the_flow_fails(action: str, world: World, base: Registry) -> None:
    with pytest.raises(LayerError):
        seen(world, base, policy(world.name, world.role, without=action))
