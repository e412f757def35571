"""Every policy of a synthesized stack: each star is argued, each trust and pass has its limit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from builder.spec.app_spec import AppSpec
from builder.spec.indexes import CodeArtifact, Index
from builder.spec.layer_spec import LayerSpec
from modules.layer import BuildInfrastructure, LambdaLayer, Publisher
from modules.layer.bindings import AwsProvider, ExternalProvider

from cdktf import App, TerraformStack  # isort: skip - the bindings start Node

ARGUED = {
    "lambda:ListFunctions": "knows no resource (service authorization reference)",
    "lambda:GetLayerVersion": "an update of a function is judged on all layers that it names",
    "sts:GetServiceBearerToken": "knows no resource; its condition names CodeArtifact",
}
"""Actions that are allowed on every resource, and why."""

HOSTILE = "${path.module} %{ if true } $(id) `id` '; \"\\ \n#{x}"
"""What Terraform, a shell or YAML would take for more than a text."""

Statement = dict[str, Any]


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the Terraform JSON of two layers with all that they can have of a publisher."""
    out = tmp_path_factory.mktemp("posture")
    app = App(outdir=str(out), stack_traces=False)
    stack = TerraformStack(app, "shop")
    AwsProvider(stack, "aws", region="eu-west-1")
    ExternalProvider(stack, "external")
    build = BuildInfrastructure(stack, "build", app=AppSpec("shop"))
    publisher = Publisher(
        build,
        "publisher",
        infrastructure=build,
        notify="arn:aws:sns:eu-west-1:123456789012:builds",
    )
    index = Index("house", codeartifact=CodeArtifact("dom", "123456789012", "repo"))
    private = Index("own", "https://a.example/packages", username="ci", secret="pypi/ci:password")
    for spec in (
        LayerSpec(
            "web",
            ("3.12", "3.13"),
            "arm64",
            dependencies=("x",),
            functions=("api", "tag:team=web"),
            indexes=(index, private),
            keep=3,
        ),
        LayerSpec(
            "odd",
            ("3.13",),
            "arm64",
            dependencies=("x",),
            description=HOSTILE,
            exclude=(HOSTILE,),
        ),
    ):
        LambdaLayer(
            stack, spec.name, infrastructure=build, spec=spec, publisher=publisher, sync_mode=False
        )
    app.synth()
    text = (Path(out) / "stacks" / "shop" / "cdk.tf.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


def statements(document: dict[str, Any], key: str) -> Iterator[tuple[str, Statement]]:
    """Yield the statements of all documents under a key, with the resource that has them."""
    for kind, resources in document["resource"].items():
        for name, resource in resources.items():
            if isinstance(resource.get(key), str) and '"Statement"' in resource[key]:
                for statement in json.loads(resource[key])["Statement"]:
                    yield f"{kind}.{name}", statement


def test_every_star_is_argued(document: dict[str, Any]) -> None:
    allowed = [(where, s) for where, s in statements(document, "policy") if s["Effect"] == "Allow"]
    stars = {
        action
        for _, statement in allowed
        for action in statement["Action"]
        if "*" in statement["Resource"]
    }

    assert len(allowed) > 15
    assert stars == set(ARGUED)
    assert not [s for _, s in allowed if any("*" in action for action in s["Action"])]


def test_a_role_is_passed_and_trusted_for_one_purpose_only(document: dict[str, Any]) -> None:
    passed = [s for _, s in statements(document, "policy") if "iam:PassRole" in s["Action"]]
    trusts = list(statements(document, "assume_role_policy"))

    assert passed
    assert all(s["Condition"]["StringEquals"].keys() == {"iam:PassedToService"} for s in passed)
    assert len(trusts) >= 4
    for where, trust in trusts:
        (service,) = trust["Principal"].values()
        source = {"aws:SourceAccount", "aws:SourceArn"}
        if service == "lambda.amazonaws.com":  # modules/layer/policies.py says why
            source = {"aws:SourceAccount"}
        named = trust["Condition"]["StringEquals"]
        assert named.keys() == source, where
        account = named["aws:SourceAccount"]
        assert "local.build_place" in account, where
        assert "account" in account, where
        assert account in named.get("aws:SourceArn", account), where


def test_the_bucket_is_closed_encrypted_and_versioned(document: dict[str, Any]) -> None:
    (block,) = document["resource"]["aws_s3_bucket_public_access_block"].values()
    kinds = document["resource"].keys()

    assert [value for key, value in block.items() if re.match("(block|ignore|restrict)_", key)] == [
        True
    ] * 4
    assert {
        "aws_s3_bucket_versioning",
        "aws_s3_bucket_server_side_encryption_configuration",
    } <= kinds


def test_texts_of_a_description_stay_texts_in_terraform(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    raw = re.findall(r"(?<!\$)\$\{path\.module\} |(?<!%)%\{ if true", text)

    assert raw == []
    assert "$${path.module} %%{ if true }" in text
