from __future__ import annotations

import json
from pathlib import Path

from builder.spec.service_spec import ServiceSpec
from modules.layer.synthesis import synthesize
from stacks.hybrid import HybridStack
from tests.stacks.conftest import APP, LAYERS

LEDGER = ServiceSpec(
    "ledger",
    ("ledger", "{port}", "{data}"),
    image_tag="1",
    vpc="vpc-0123abcd",
    subnets=("subnet-0123abcd",),
)


def test_a_function_has_the_layers_the_variable_and_the_rights(tmp_path: Path) -> None:
    folder = synthesize(
        APP,
        LAYERS,
        project=tmp_path,
        outdir=tmp_path / "out",
        stack=HybridStack,
        services=(LEDGER,),
    )

    document = json.loads((folder / "cdk.tf.json").read_text())
    function = document["resource"]["aws_lambda_function"]["api_function"]
    assert len(function["layers"]) == len(LAYERS)
    told = document["output"]["service_ledger"]["value"]
    assert function["environment"]["variables"] == told["environment"]
    rights = "aws_iam_role_policy.build_service_ledger_client"
    assert rights in function["depends_on"]
    policy = document["resource"]["aws_iam_role_policy"]["build_service_ledger_client"]
    assert policy["policy"] == told["client_policy"]
    assert policy["role"] == "${aws_iam_role.api_role.name}"
