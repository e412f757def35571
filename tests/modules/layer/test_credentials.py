from __future__ import annotations

import json
from typing import Any

import pytest

from builder.aws.credentials import Credentials as HooksCredentials
from builder.errors import SpecError
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from modules.layer import AssumeRole, BuildInfrastructure, Credentials, LambdaLayer, WebIdentity
from modules.layer.bindings import AwsProvider

import cdktf  # isort: skip - the bindings start Node

SPEC = LayerSpec("web", ("3.12",), "arm64", dependencies=("rich",))


def synthesized(credentials: Credentials) -> dict[str, Any]:
    stack = cdktf.TerraformStack(cdktf.Testing.app(), "stack")
    AwsProvider(stack, "aws", region="eu-west-1", **credentials.provider_arguments())
    build = BuildInfrastructure(stack, "build", app=AppSpec("shop"), credentials=credentials)
    LambdaLayer(stack, "web", infrastructure=build, spec=SPEC)
    document: dict[str, Any] = json.loads(cdktf.Testing.synth(stack))
    return document


def test_provider_hooks_and_retirement_have_the_same_roles() -> None:
    credentials = Credentials(
        profile="work",
        role_arn="arn:aws:iam::1:role/first",
        assume_role=[AssumeRole("${var.second}", external_id="x", tags={"team": "shop"})],
        web_identity=WebIdentity("arn:aws:iam::1:role/job", "/token"),
    )
    document = synthesized(credentials)
    (provider,) = document["provider"]["aws"]
    assert provider["profile"] == "work"
    assert provider["assume_role"] == [
        {"role_arn": "arn:aws:iam::1:role/first"},
        {"role_arn": "${var.second}", "external_id": "x", "tags": {"team": "shop"}},
    ]
    token = {"role_arn": "arn:aws:iam::1:role/job", "web_identity_token_file": "/token"}
    assert provider["assume_role_with_web_identity"] == [token]

    query = document["data"]["external"]["build_plan"]["query"]
    assert query["assume"] == "${jsonencode(local.build_credentials)}"
    retire = document["locals"]["build_retirements"]["web"]
    assert retire["assume"] == query["assume"]
    # What the hooks make of it is what the provider assumes.
    asked = {**query, "assume": json.dumps(document["locals"]["build_credentials"])}
    found = HooksCredentials.parse(asked)
    assert [role.role_arn for role in found.chain] == [
        role["role_arn"] for role in provider["assume_role"]
    ]
    assert found.token == WebIdentity("arn:aws:iam::1:role/job", "/token")


def test_without_roles_the_hooks_are_asked_as_before() -> None:
    document = synthesized(Credentials("work"))
    assert "assume" not in document["data"]["external"]["build_plan"]["query"]
    assert "build_credentials" not in document["locals"]


def test_an_expression_of_roles_is_for_a_dynamic_block() -> None:
    with pytest.raises(SpecError, match="Terraform expression"):
        Credentials(assume_role="${var.roles}").provider_arguments()
