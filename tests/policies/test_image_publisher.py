"""Each right that images add to the publisher is needed: without it, a flow ends otherwise.

The publisher releases an image under its policy, on an embedded AWS that enforces it, and prunes.
``make test`` takes a few actions out, ``make policies`` each of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from builder.layer.connected import services_at
from builder.layer.layer import Layer
from tests.builder.conftest import World
from tests.builder.layer.test_image_versions import image_layer, pushed, pushes
from tests.builder.publishing import begin, ended, last
from tests.patience import wait_until
from tests.policies.flows import answer, arn
from tests.policies.mutations import Document
from tests.policies.test_image_rights import function_with
from tests.registry import Registry

NOTICED = (
    *("codebuild:BatchGetBuilds", "codebuild:ListBuildsForProject", "codebuild:StartBuild"),
    *("s3:GetObject", "s3:PutObject", "ecr:GetAuthorizationToken", "ecr:BatchDeleteImage"),
    *("ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer"),
    "lambda:GetFunction",
)
NOT_JUDGED = {
    "codebuild:StopBuild": "it stops the push of a layer that is retired in that moment, which "
    "tests/builder/publisher/test_function_images.py has",
}
"""Actions whose lack is not noticed here, and why they are there."""

QUICK = ("codebuild:StartBuild", "ecr:BatchGetImage")
CHOSEN = NOTICED if os.environ.get("POLICY_MUTATIONS") == "all" else QUICK
WELL = {"outcomes": ["building", "released"], "images": ["1", "3"]}


@pytest.fixture
def base() -> Iterator[Registry]:
    """A registry with what images are built on."""
    with Registry().serving() as registry:
        registry.index("python", "3", files={"usr/bin/python3": b"an interpreter"})
        yield registry


def of_images(name: str) -> list[dict[str, Any]]:
    """Return what the publisher's policy has for the image web of an application."""
    from modules.layer import image_policies  # here: the package starts Node

    return [
        *image_policies.release_images(
            f"arn:aws:s3:::{name}",
            [arn("codebuild", f"project/{name}_web")],
            [arn("ecr", f"repository/{name}/web")],
        ),
        image_policies.see_images_in_use([arn("lambda", "function:*")]),
    ]


def policy(name: str, *, without: str = "") -> Document:
    """Return the publisher's policy, without one action on images."""
    from modules.layer import policies  # here: the package starts Node

    bucket = f"arn:aws:s3:::{name}"
    own = [
        {**statement, "Action": left}
        for statement in of_images(name)
        if (left := [action for action in statement["Action"] if action != without])
    ]
    document: Document = policies.publish(
        bucket_arn=bucket,
        project_arn=arn("codebuild", f"project/{name}"),
        layer_arns=[],
        build_log_arn=arn("logs", f"log-group:/aws/codebuild/{name}"),
        own_log_arn=arn("logs", f"log-group:/aws/lambda/{name}-publisher"),
        topic_arn="",
        more=[*own, *policies.prune(bucket, ["web"])],
    )
    return document


def kept(world: World, base: Registry) -> Layer:
    """Return the image, of which the newest is kept."""
    made = image_layer(world, base)
    spec = replace(made.spec, keep=1)
    return replace(made, spec=spec, services=services_at(spec, made.site, world.services))


def seen(world: World, base: Registry, document: Document) -> dict[str, Any]:
    """Let the publisher release the third image, a function having the first."""
    function_with(world, world.release(kept(world, base)).image_uri)
    world.edit()
    world.release(kept(world, base))
    world.edit()
    for key in world.keys("web/pusher/"):
        world.delete(key)
    begin(world, kept(world, base))
    outcomes = [answer(world, document, last(world))]
    wait_until(lambda: pushes(world)[-1]["buildStatus"] != "IN_PROGRESS")
    outcomes.append(answer(world, document, ended(pushes(world)[-1])))
    return {
        "outcomes": outcomes,
        "images": sorted(tag.rpartition("-")[2] for tag in pushed(world)),
    }


def test_every_action_is_tried_or_has_a_reason() -> None:
    asked = {action for statement in of_images("app") for action in statement["Action"]}

    assert asked == {*NOTICED, *NOT_JUDGED}


@pytest.mark.slow
def test_an_image_is_released_and_pruned_under_the_whole_policy(
    world: World, base: Registry
) -> None:
    assert seen(world, base, policy(world.name)) == WELL


@pytest.mark.slow
@pytest.mark.parametrize("action", CHOSEN)
def test_without_an_action_the_flow_ends_otherwise(
    action: str, world: World, base: Registry
) -> None:
    assert seen(world, base, policy(world.name, without=action)) != WELL
