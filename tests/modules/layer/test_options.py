"""The options of companies, as they arrive in Terraform's JSON."""

from __future__ import annotations

import json
from typing import Any

from builder.spec.app_spec import AppSpec, Vpc
from builder.spec.layer_spec import LayerSpec
from modules.layer import BuildInfrastructure, LambdaLayer, Publisher
from modules.layer.bindings import AwsProvider, ExternalProvider

import cdktf  # isort: skip - the bindings start Node

PLACE = "eu-west-1:123456789012"
KEY = f"arn:aws:kms:{PLACE}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
QUEUE = f"arn:aws:sqs:{PLACE}:dead"
SIGNING = f"arn:aws:lambda:{PLACE}:code-signing-config:csc-0123456789abcdef0"
VPC = Vpc("vpc-0123abcd", ("subnet-0123abcd",), ("sg-0123abcd",))


def resources(**options: Any) -> dict[str, dict[str, dict[str, Any]]]:
    stack = cdktf.TerraformStack(cdktf.Testing.app(), "stack")
    AwsProvider(stack, "aws", region="eu-west-1")
    ExternalProvider(stack, "external")
    app = AppSpec("shop", sync_mode=False, **options)
    build = BuildInfrastructure(stack, "build", app=app)
    publisher = Publisher(build, "publisher", infrastructure=build)
    spec = LayerSpec("web", ("3.13", "3.12"), "arm64", dependencies=("x",))
    LambdaLayer(stack, "web", infrastructure=build, spec=spec, publisher=publisher)
    found: dict[str, dict[str, dict[str, Any]]] = json.loads(cdktf.Testing.synth(stack))["resource"]
    return found


def allowed(found: dict[str, dict[str, dict[str, Any]]], role: str) -> dict[str, Any]:
    policies = found["aws_iam_role_policy"]
    (text,) = [each["policy"] for name, each in policies.items() if name.startswith(role)]
    statements = json.loads(text)["Statement"]
    return {action: s for s in statements for action in s["Action"]}


def test_without_options_there_is_nothing_of_them() -> None:
    text = json.dumps(resources())

    for word in ("kms:", "boundary", "bucket_logging", "vpc_config", "Active", "dead_letter",
                 "code_signing", "ec2:", "xray:"):  # fmt: skip
        assert word not in text


def test_a_key_encrypts_bucket_logs_and_environment_and_every_role_may_use_it() -> None:
    found = resources(kms_key=KEY)

    (encryption,) = found["aws_s3_bucket_server_side_encryption_configuration"].values()
    assert encryption["rule"][0]["apply_server_side_encryption_by_default"] == {
        "sse_algorithm": "aws:kms", "kms_master_key_id": KEY
    }  # fmt: skip
    assert {g["kms_key_id"] for g in found["aws_cloudwatch_log_group"].values()} == {KEY}
    (function,) = found["aws_lambda_function"].values()
    assert function["kms_key_arn"] == KEY
    for role in ("web", "build_publisher"):
        assert allowed(found, role)["kms:Decrypt"]["Resource"] == [KEY]


def test_every_role_has_the_boundary() -> None:
    roles = resources(permissions_boundary=BOUNDARY)["aws_iam_role"].values()

    assert len(roles) == 3
    assert {role["permissions_boundary"] for role in roles} == {BOUNDARY}


def test_every_role_is_below_the_path_and_known_by_it() -> None:
    found = resources(role_path="/teams/data/")

    roles = found["aws_iam_role"]
    assert {role["path"] for role in roles.values()} == {"/teams/data/"}
    passed = allowed(found, "build_publisher")["iam:PassRole"]["Resource"]
    assert [arn.partition(":role")[2].rpartition("/")[0] for arn in passed] == ["/teams/data"]
    # IAM knows a role by its name alone, which stays when the path changes: its policy has to be
    # made again then, so it hangs on what is unknown until the role is there.
    for policy in found["aws_iam_role_policy"].values():
        assert policy["role"].endswith(".id}")


def test_builds_run_in_the_network_and_make_interfaces_there_alone() -> None:
    found = resources(vpc=VPC)

    (project,) = found["aws_codebuild_project"].values()
    assert project["vpc_config"]["security_group_ids"] == ["sg-0123abcd"]
    may = allowed(found, "web")
    assert not any("*" in (may[name]["Resource"]) for name in may if "NetworkInterface" in name
                   and "Describe" not in name)  # fmt: skip
    for action in ("ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface"):
        (subnet,) = may[action]["Condition"]["ArnEquals"]["ec2:Subnet"]
        assert subnet.endswith(":subnet/subnet-0123abcd")


def test_the_publisher_is_traced_signed_and_sends_what_it_cannot_do() -> None:
    found = resources(tracing=True, dead_letter=QUEUE, code_signing=SIGNING, access_logs="logs")

    (function,) = found["aws_lambda_function"].values()
    assert function["tracing_config"] == {"mode": "Active"}
    assert function["dead_letter_config"] == {"target_arn": QUEUE}
    assert function["code_signing_config_arn"] == SIGNING
    assert allowed(found, "build_publisher")["sqs:SendMessage"]["Resource"] == [QUEUE]
    (logging,) = found["aws_s3_bucket_logging"].values()
    assert logging["target_bucket"] == "logs"
