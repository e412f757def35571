"""The hooks assume what the aws provider assumes, and destroy does so too."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.test_credentials import EVERYTHING, build_role, by, document, role_of

ISSUER = "ci.example"


def role(stack: Stack, name: str, trust: dict[str, Any], allow: dict[str, Any]) -> str:
    """Make a role; return its ARN."""
    iam = stack.aws.client("iam")
    full = f"{stack.name}-{name}"
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", **trust}
    made = iam.create_role(RoleName=full, AssumeRolePolicyDocument=json.dumps(document(statement)))
    iam.put_role_policy(RoleName=full, PolicyName="all", PolicyDocument=json.dumps(document(allow)))
    return str(made["Role"]["Arn"])


def token() -> str:
    parts = ({"alg": "none"}, {"iss": f"https://{ISSUER}", "sub": "repo", "aud": "sts"})
    coded = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts]
    return ".".join([*coded, ""])


def test_a_token_and_a_chain_with_an_external_id_build_and_destroy(
    make: Make, tmp_path: Path
) -> None:
    stack = make(reattach=False)
    quick_builds(stack)
    account = stack.aws.identity.account
    issuer = f"arn:aws:iam::{account}:oidc-provider/{ISSUER}"
    web = {"Principal": {"Federated": issuer}, "Action": "sts:AssumeRoleWithWebIdentity"}
    assume = {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "*"}
    job = role(stack, "job", web, assume)
    strict = {
        "Principal": {"AWS": job},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {
            "StringEquals": {"sts:ExternalId": "x1", "aws:RequestTag/team": "shop"},
        },
    }
    deploy = role(stack, "deploy", strict, EVERYTHING)
    file = tmp_path / "token"
    file.write_text(token())
    nobody = {
        name: value for name, value in stack.aws.environment().items() if "ACCESS_KEY" not in name
    }
    roles = [{"role_arn": deploy, "external_id": "x1", "tags": {"team": "shop"}, "duration": "30m"}]
    tokens = [{"role_arn": job, "web_identity_token_file": str(file)}]
    deployer = by(
        stack,
        nobody,
        assume_role=json.dumps(roles),
        assume_role_with_web_identity=json.dumps(tokens),
    )

    applied = deployer.apply()
    assert applied.builds == 1
    made = {c.principal for c in applied.calls if c.is_write and c.service != "sts"}
    assert {role_of(principal) for principal in made} == {f"{stack.name}-deploy", build_role(stack)}
    assert deployer.plan().exit_code == 0
    destroyed = deployer.destroy()
    deleted = {c.principal for c in destroyed.calls if c.operation == "DeleteLayerVersion"}
    assert {role_of(principal) for principal in deleted} == {f"{stack.name}-deploy"}
    assert stack.versions() == []


def test_hooks_that_are_somebody_else_than_the_provider_are_named(make: Make) -> None:
    """A provider with a role, and hooks that were not given it (no credentials=)."""
    stack = make(reattach=False)
    quick_builds(stack)
    stack.apply()
    root = {"Principal": {"AWS": f"arn:aws:iam::{stack.aws.identity.account}:root"}}
    deploy = role(stack, "deploy", root, EVERYTHING)
    assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": deploy}
    name = f"{stack.name}-person"
    person = stack.aws.user(document(assume), name=name)
    with stack.edited() as json_:
        provider = json_["provider"]["aws"][0]
        provider.pop("dynamic")
        provider["assume_role"] = [{"role_arn": deploy}]
    refused = by(stack, person).fails("plan")
    assert f"The hook is arn:aws:iam::{stack.aws.identity.account}:user/{name}" in refused.said
    assert "BuildInfrastructure(credentials=...)" in refused.said


def test_two_providers_in_one_stack(make: Make, tmp_path: Path) -> None:
    """The application twice, in two regions, each with the resources of its provider."""
    from cdktf import App, TerraformStack  # here: it starts Node

    from builder.spec.app_spec import AppSpec
    from modules.layer import BuildInfrastructure, LambdaLayer
    from modules.layer.bindings import AwsProvider, ExternalProvider
    from tests.terraform.packages import layer

    stack = make()
    app = App(outdir=str(tmp_path), stack_traces=False)
    both = TerraformStack(app, "both")
    settings: dict[str, Any] = {
        "s3_use_path_style": True,
        "skip_credentials_validation": True,
        "skip_region_validation": True,
    }
    AwsProvider(both, "aws", region="eu-central-1", **settings)
    west = AwsProvider(both, "west", alias="west", region="eu-west-2", **settings)
    ExternalProvider(both, "external")
    for id_, provider in (("build", None), ("west", west)):
        build = BuildInfrastructure(both, id_ + "-i", app=AppSpec(stack.name), provider=provider)
        spec = layer()
        LambdaLayer(both, f"{id_}-web", infrastructure=build, spec=spec).add_output(f"{id_}-web")
    app.synth()
    text = (tmp_path / "stacks" / "both" / "cdk.tf.json").read_text()
    json_ = json.loads(text)
    json_["terraform"]["backend"] = {"local": {}}
    for hook in json_["data"]["external"].values():
        hook["working_dir"] = str(stack.folder)
    stack.configuration.write_text(json.dumps(json_))
    stack.run("init", "-reconfigure")
    planned = replace(stack, variables={}).plan()
    assert planned.exit_code == 2
    buckets = [
        change["change"]["after"]["bucket"]
        for change in planned.document["resource_changes"]
        if change["type"] == "aws_s3_bucket"
    ]
    account = stack.aws.identity.account
    assert sorted(buckets) == [
        f"{stack.name}-layers-{account}-{region}" for region in ("eu-central-1", "eu-west-2")
    ]
    aliased = {
        f"{type_}.{name}"
        for section in ("resource", "data")
        for type_, resources in json_[section].items()
        for name, resource in resources.items()
        if resource.get("provider") == "aws.west"
    }
    ours = {
        f"{type_}.{name}"
        for section in ("resource", "data")
        for type_, resources in json_[section].items()
        for name in resources
        if type_.startswith("aws_") and name.startswith("west")
    }
    assert aliased == ours
    assert "aws_s3_object.west-i_web_approval" in aliased
