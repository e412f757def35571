"""Which versions of Terraform and of the providers the resources here work with.

Bindings pin the one version that they were made of, which would be too narrow for who applies.
"""

from __future__ import annotations

import json
from pathlib import Path

from cdktf import TerraformStack

TERRAFORM = ">= 1.4.0"
"""The first version that has terraform_data (Terraform changelog)."""

AWS = ">= 6.22.0, < 7.0.0"
"""From the first version that has ``blocked_encryption_types`` of a bucket (changelog of
hashicorp/aws, 6.22.0) to the next major one, which may rename what is used."""

EXTERNAL = ">= 2.2.3"
"""The first version that does not end programs after 20 minutes (changelog of
hashicorp/external)."""

AWS_IN_MODULE = ">= 6.22.0"
"""For a module that others include: a bound from below alone, so that the root decides (Terraform
docs, "Provider Version Constraints in Modules")."""


def allow_versions(stack: TerraformStack, *, aws: str = AWS, external: str = EXTERNAL) -> None:
    """Let a stack run with a range of provider versions instead of the bindings' own.

    Call it with narrower constraints, in Terraform's syntax, to narrow the range.
    """
    stack.add_override("terraform.required_version", TERRAFORM)
    stack.add_override("terraform.required_providers.aws.version", aws)
    stack.add_override("terraform.required_providers.external.version", external)


FILE = "versions.tf"
"""Where a synthesized folder says which Terraform it needs."""


def apart(folder: Path) -> None:
    """Move which Terraform a synthesized folder needs from its JSON to FILE.

    checkov takes every value below ``terraform`` for a block, and gives up on a JSON file with the
    text of ``required_version`` there (3.3.30, terraform_json/parser.py). It reads FILE.
    """
    file = folder / "cdk.tf.json"
    document = json.loads(file.read_text("utf-8"))
    needed = document["terraform"].pop("required_version", None)
    if needed is None:
        (folder / FILE).unlink(missing_ok=True)
        return
    # As JSON.stringify writes it, so that nothing else changes.
    file.write_text(json.dumps(document, indent=2, ensure_ascii=False), "utf-8")
    text = f"terraform {{\n  required_version = {json.dumps(needed)}\n}}\n"
    (folder / FILE).write_text(text, "utf-8")
