"""What a module has in another form than a stack."""

from __future__ import annotations

import re

import pytest

from hcl.files import files
from hcl.template import synthesized

OF_LAYERS = re.compile(r"\b(?!data\b)[a-z0-9_]+\.(?:layer_[a-z-]+|build_retire)\b")


def block(text: str, begin: str) -> str:
    return text.partition(f"{begin} {{\n")[2].partition("\n}\n")[0]


@pytest.fixture(scope="module")
def layers() -> str:
    return files()["layers.tf"]


def test_an_approval_names_no_block_of_all_layers(layers: str) -> None:
    found = block(layers, 'resource "aws_s3_object" "layer_approval"')

    # To Terraform an instance that names a block of many names each of them: 500 layers had a
    # quarter of a million such ways, which it followed for each release.
    blocks = {name for name in OF_LAYERS.findall(found) if not name.startswith("local.")}
    assert found
    assert blocks == set()
    assert "    local.layer_ready,\n" in found


def test_an_approval_waits_for_all_that_one_of_a_stack_waits_for(layers: str) -> None:
    approval = synthesized()["resource"]["aws_s3_object"]["anylayer_approval"]
    found = block(layers, 'resource "aws_s3_object" "layer_approval"')
    ready = layers.partition("  layer_ready = concat(\n")[2].partition("\n  )\n")[0]

    awaited = {address.replace(".anylayer_", ".layer_") for address in approval["depends_on"]}
    of_role, retire = "aws_iam_role.layer_", "terraform_data.build_retire"
    missing = {
        address
        for address in awaited | {retire}
        if f"    {address},\n" not in found
        and f"    keys({address})," not in ready
        and not address.startswith(of_role)  # whose policy is waited for
    }
    assert missing == set()
