"""The layer that is a service's image, in the Terraform JSON of a stack of one's own."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from builder.errors import SpecError
from builder.spec.layer_spec import LayerSpec
from modules.layer import HybridService, LambdaLayer
from tests.modules.layer.test_hybrid import (
    Document,
    resource,
    spec,
    stack_of,
    statements,
)

import cdktf  # isort: skip - the bindings start Node


def server(**changes: Any) -> LayerSpec:
    return LayerSpec("server", ("3.13",), "x86_64", dependencies=("chromadb",), **changes)


def synthesized(made: LayerSpec, **changes: Any) -> Document:
    stack, build = stack_of()
    LambdaLayer(stack, "server", infrastructure=build, spec=made, root=".")
    changes = {"image_tag": "", "layer": "server", **changes}
    service = HybridService(stack, "ledger", infrastructure=build, spec=spec(**changes))
    service.add_output()
    document: Document = json.loads(cdktf.Testing.synth(stack))
    return document


def test_the_task_has_the_image_of_the_layer_and_no_repository_of_its_own() -> None:
    document = synthesized(server(image=True))

    definition = resource(document, "aws_ecs_task_definition", "task")
    assert "local.server_plan.image_by_tag" in definition["container_definitions"]
    assert definition["runtime_platform"]["cpu_architecture"] == "X86_64"
    assert list(document["resource"]["aws_ecr_repository"]) == ["server_repository"]
    pulls = {tuple(s["Resource"]) for s in statements(document, "execution-policy")}
    assert any(arns[0].endswith(":repository/shop/server") for arns in pulls)
    assert document["output"]["service_ledger"]["value"]["repository_url"] == ""


def test_both_hooks_are_asked_about_an_image_with_the_supervisor() -> None:
    document = synthesized(server(image=True))

    plan = document["data"]["external"]["build_plan"]["query"]["server.spec"]
    release = document["data"]["external"]["server_release"]["query"]["spec"]
    assert plan == release
    asked = LayerSpec.from_json(plan)
    assert asked == server(image=True, supervisor=True)


def test_the_images_go_after_the_tasks_that_have_them() -> None:
    cluster = resource(synthesized(server(image=True)), "aws_ecs_cluster", "cluster")

    assert cluster["depends_on"] == ["terraform_data.build_retire"]


def test_what_is_created_before_it_is_destroyed_waits_for_no_release_and_its_use_does() -> None:
    """Terraform treats all that a task definition depends on as it treats that."""
    document = synthesized(server(image=True))

    definition = json.dumps(resource(document, "aws_ecs_task_definition", "task"))
    assert set(re.findall(r"[\w.]*server[\w.-]*\w", definition)) == {
        "local.server_plan.image_by_tag"
    }
    (is_there,) = resource(document, "aws_s3_object", "settings")["lifecycle"]["precondition"]
    assert "local.server_answer.image_by_tag" in is_there["condition"]
    assert "that was planned is not there" in is_there["error_message"]


@pytest.mark.parametrize(
    ("layer", "changes", "said"),
    [
        (server(), {}, "server is a layer of Lambda"),
        (server(image=True), {"layer": "web"}, "there is no layer 'web'"),
        (server(image=True), {"architecture": "arm64"}, "its layer server is for x86_64"),
    ],
)
def test_a_layer_that_cannot_be_the_image_is_refused(
    layer: LayerSpec, changes: dict[str, str], said: str
) -> None:
    with pytest.raises(SpecError, match=said):
        synthesized(layer, **changes)
