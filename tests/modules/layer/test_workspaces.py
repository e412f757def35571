from __future__ import annotations

import json
from typing import Any

from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from builder.spec.service_spec import LONGEST, ServiceSpec
from modules.layer.stack import LayersStack

from cdktf import Testing as Synthesis  # isort: skip - the bindings start Node


def synthesized(app: AppSpec) -> dict[str, Any]:
    specs = (
        LayerSpec("web", ("3.13",), "arm64", dependencies=("a",)),
        LayerSpec("own", ("3.13",), "arm64", dependencies=("a",), layer_name="Its_Own"),
    )
    service = ServiceSpec(
        "ledger",
        ("serve", "{port}", "{data}"),
        image_tag="1",
        vpc="vpc-0123abcd",
        subnets=("subnet-0123abcd",),
    )
    stack = LayersStack(Synthesis.app(), app.name, app=app, layers=specs, services=(service,))
    document: dict[str, Any] = json.loads(Synthesis.synth(stack))
    return document


def test_every_name_in_aws_begins_with_the_one_that_the_workspace_makes() -> None:
    document = synthesized(AppSpec("shop", async_mode=True))

    expression = document["locals"].pop("app")
    assert expression == (
        '${var.app_name != "" ? var.app_name : terraform.workspace == "default" ? "shop" : '
        '"shop-${terraform.workspace}"}'
    )
    document["terraform"].pop("backend")
    document["variable"].pop("app_name")
    document.pop("//", None)
    bucket = document["resource"]["aws_s3_bucket"]["build_bucket"]
    (check,) = bucket["lifecycle"].pop("precondition")
    assert "-var app_name=shop-dev" in check["error_message"]
    assert bucket["bucket"].startswith("${local.app}-layers-")
    assert "shop" not in json.dumps(document)
    retire = document["locals"]["build_retirements"]
    assert retire["web"]["layer_name"] == "${local.app}-web"
    assert retire["own"]["layer_name"] == "Its_Own"
    data = document["resource"]["aws_s3_bucket"]["build_service_ledger_data_bucket"]
    assert data["bucket"].startswith("${local.app}-ledger-")


def test_a_service_whose_name_becomes_too_long_in_a_workspace_is_refused_at_plan() -> None:
    document = synthesized(AppSpec("shop"))

    data = document["resource"]["aws_s3_bucket"]["build_service_ledger_data_bucket"]
    (check,) = data["lifecycle"]["precondition"]
    assert check["condition"] == f'${{(length("${{local.app}}-ledger") <= {LONGEST})}}'
