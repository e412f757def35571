"""What the publisher has for layers that are images."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from modules.layer import BuildInfrastructure, LambdaLayer, Publisher, room
from modules.layer.bindings import AwsProvider, ExternalProvider
from tests.modules.layer.test_publisher import (
    ACCOUNT,
    PLACE,
    REGION,
    Synthesize,
    granted,
    synthesize,
    synthesized,
)

from cdktf import App, TerraformStack  # isort: skip - the bindings start Node

__all__ = ["synthesize"]

IMAGE = LayerSpec("web", ("3.13",), "arm64", dependencies=("requests",), image=True)


def test_it_has_images_pushed_by_their_projects_and_reads_their_repositories(
    synthesize: Synthesize,
) -> None:
    rights = granted(synthesize(spec=IMAGE)[0])
    start = "arn:${local.build_place.partition}"
    bucket = f"{start}:s3:::shop-layers-{ACCOUNT}-{REGION}"

    assert rights[f"{start}:codebuild:{PLACE}:project/shop-layers_web"] == {
        *("codebuild:BatchGetBuilds", "codebuild:ListBuildsForProject"),
        *("codebuild:StartBuild", "codebuild:StopBuild"),
    }
    assert rights[f"{start}:codebuild:{PLACE}:project/shop-layers"] == {"codebuild:BatchGetBuilds"}
    assert rights[f"{bucket}/*/pusher/*"] == {"s3:GetObject", "s3:PutObject"}
    assert rights["*"] == {"ecr:GetAuthorizationToken"}
    assert rights[f"{start}:ecr:{PLACE}:repository/shop/web"] == {
        *("ecr:BatchDeleteImage", "ecr:BatchGetImage"),
        *("ecr:DescribeImages", "ecr:GetDownloadUrlForLayer"),
    }
    assert not [place for place in rights if ":lambda:" in place]


def test_which_functions_and_tasks_have_images_it_sees_where_old_ones_are_pruned(
    synthesize: Synthesize,
) -> None:
    functions = "function:*"
    without = granted(synthesize(spec=IMAGE)[0])
    kept = granted(synthesize(spec=replace(IMAGE, keep=2))[0])
    service = granted(synthesize(spec=replace(IMAGE, keep=2, supervisor=True))[0])

    assert not [place for place in without if place.endswith(functions)]
    assert [kept[place] for place in kept if place.endswith(functions)] == [{"lambda:GetFunction"}]
    assert not [place for place in kept if ":ecs:" in place]
    tasks = [place for place in service if ":ecs:" in place]
    assert [place.rpartition(":")[2] for place in tasks] == ["task/shop-*/*"]
    assert "ecs:ListTasks" in service["*"]


def test_more_images_than_a_policy_has_room_for_are_a_pattern(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "POLICY_ROOM", 0)
    stack = synthesized(tmp_path, IMAGE, uses=False)

    named = granted(json.loads((stack / "cdk.tf.json").read_text()))

    ends = {place.rpartition(":")[2] for place in named}
    assert {"repository/shop/*", "project/shop-layers_*"} <= ends
    assert not [place for place in named if ":layer:" in place]


def test_a_user_of_an_image_without_a_version_gets_an_error(synthesize: Synthesize) -> None:
    document, _ = synthesize(spec=IMAGE, uses=True)
    *_, needed = document["resource"]["aws_s3_object"]["web_approval"]["lifecycle"]["precondition"]

    assert "'lambda-layer wait web'" in needed["error_message"]
    used = document["locals"]["used"]
    assert used.startswith(
        '${startswith(local.web_answer.layer_arn, "arn:") ? local.web_answer.image_uri : '
    )
    assert "amazonaws.com/shop/web:no-version-yet" in used
    assert document["output"]["web"]["value"]["image_uri"] == "${local.web_answer.image_uri}"


def test_the_image_of_a_service_is_waited_for_and_served_as_one(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path), stack_traces=False)
    stack = TerraformStack(app, "shop")
    build = BuildInfrastructure(stack, "build", app=AppSpec("shop"))
    publisher = Publisher(build, "publisher", infrastructure=build)
    spec = replace(IMAGE, keep=1)
    layer = LambdaLayer(stack, "web", infrastructure=build, spec=spec, publisher=publisher)
    layer.supervise()
    stack.add_override("locals.used", layer.image_uri)
    AwsProvider(stack, "aws", region="eu-west-1")
    ExternalProvider(stack, "external")
    app.synth()
    document = json.loads((tmp_path / "stacks" / "shop" / "cdk.tf.json").read_text())

    assert document["locals"]["used"] == "${local.web_answer.image_uri}"
    assert "ecs:ListTasks" in granted(document)["*"]
    repositories = [place for place in granted(document) if ":ecr:" in place]
    assert len(repositories) == 1
