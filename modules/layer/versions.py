"""Which versions of Terraform and of the providers the resources here work with.

Bindings pin the one version that they were made of, which would be too narrow for who applies.
"""

from __future__ import annotations

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
