"""The ranges of provider versions, as terraform itself judges them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from embedded.standins.catalog import PROVIDERS
from embedded.terraform import Terraform
from modules.layer import allow_versions, versions
from modules.layer.bindings import AwsProvider, ExternalProvider
from tests.modules.layer.conftest import Synthesize

import cdktf  # isort: skip - the bindings start Node


def required(**narrower: str) -> dict[str, dict[str, str]]:
    stack = cdktf.TerraformStack(cdktf.Testing.app(), "stack")
    AwsProvider(stack, "aws", region="eu-west-1")
    ExternalProvider(stack, "external")
    allow_versions(stack, **narrower)
    found: dict[str, dict[str, str]] = json.loads(cdktf.Testing.synth(stack))["terraform"][
        "required_providers"
    ]
    return found


def test_a_stack_of_ones_own_is_pinned_until_it_allows_more(synthesize: Synthesize) -> None:
    pinned = synthesize().json["terraform"]["required_providers"]
    assert pinned["aws"]["version"] == "6.25.0"
    assert required()["aws"] == {"source": "aws", "version": versions.AWS}
    assert required(aws="~> 6.30")["aws"]["version"] == "~> 6.30"
    assert required(aws="~> 6.30")["external"]["version"] == versions.EXTERNAL


def test_a_module_leaves_the_upper_bound_to_its_root() -> None:
    assert re.fullmatch(r">= \d+\.\d+\.\d+", versions.AWS_IN_MODULE)
    assert versions.AWS.startswith(f"{versions.AWS_IN_MODULE}, < ")


@pytest.mark.usefixtures("terraform")
def test_the_stand_ins_are_in_the_range_and_a_file_beside_it_narrows_it(tmp_path: Path) -> None:
    document = {"terraform": {"required_providers": required()}}
    (tmp_path / "cdk.tf.json").write_text(json.dumps(document))
    terraform = Terraform(tmp_path, os.environ, tmp_path / "home", providers="stand-ins")
    terraform.run("init")
    lock = (tmp_path / ".terraform.lock.hcl").read_text()
    for provider in PROVIDERS:
        assert f'version     = "{provider.version}"' in lock

    override = tmp_path / "versions_override.tf"
    override.write_text(
        'terraform {\n  required_providers {\n    aws = {\n      source  = "aws"\n'
        '      version = "6.22.0"\n    }\n  }\n}\n'
    )
    refused = terraform.run("init", "-upgrade", check=False)
    assert refused.exit_code == 1
    assert "6.22.0" in refused.stderr
    override.write_text(override.read_text().replace("6.22.0", "~> 6.25.0"))
    terraform.run("init", "-upgrade")
