"""Which providers have a stand-in, and of which version."""

from __future__ import annotations

from dataclasses import dataclass

REGISTRIES = ("registry.terraform.io", "registry.opentofu.org")
"""What stands before ``hashicorp/aws`` for Terraform and for OpenTofu."""


@dataclass(frozen=True)
class Provider:
    """A provider: its name, the version our bindings were made of, and what the stand-in serves.

    ``bindings`` is the package with the cdktf bindings, ``served`` are the folders of the resources
    and data sources in it.
    """

    name: str
    version: str
    bindings: str
    served: tuple[str, ...]

    @property
    def short(self) -> str:
        """The provider's address, without the host that Terraform and OpenTofu put before it."""
        return f"hashicorp/{self.name}"

    @property
    def addresses(self) -> tuple[str, ...]:
        """The provider's address, as Terraform and as OpenTofu write it."""
        return tuple(f"{registry}/{self.short}" for registry in REGISTRIES)

    def __str__(self) -> str:
        return f"{self.short} {self.version}"


AWS = Provider(
    name="aws",
    version="6.25.0",
    bindings="cdktf_cdktf_provider_aws",
    served=(
        "cloudwatch-event-rule",
        "cloudwatch-event-target",
        "cloudwatch-log-group",
        "codebuild-project",
        "data-aws-caller-identity",
        "data-aws-iam-policy-document",
        "data-aws-partition",
        "data-aws-region",
        "ecr-lifecycle-policy",
        "ecr-repository",
        "ecs-cluster",
        "ecs-task-definition",
        "iam-role",
        "iam-role-policy",
        "iam-role-policy-attachment",
        "lambda-alias",
        "lambda-function",
        "lambda-function-event-invoke-config",
        "lambda-permission",
        "provider",
        "s3-bucket",
        "s3-bucket-lifecycle-configuration",
        "s3-bucket-logging",
        "s3-bucket-ownership-controls",
        "s3-bucket-policy",
        "s3-bucket-public-access-block",
        "s3-bucket-server-side-encryption-configuration",
        "s3-bucket-versioning",
        "s3-object",
        "security-group",
        "sns-topic",
        "vpc-security-group-egress-rule",
        "vpc-security-group-ingress-rule",
    ),
)

EXTERNAL = Provider(
    name="external",
    version="2.3.5",
    bindings="cdktf_cdktf_provider_external",
    served=("data-external", "provider"),
)

PROVIDERS = (AWS, EXTERNAL)
