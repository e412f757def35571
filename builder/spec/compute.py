"""Where CodeBuild runs builds, as a table of data: in containers, or on its Lambda compute.

Lambda compute starts in seconds and is billed by the second; a container is provisioned for each
build and can do more. The artifact is the same from either, so the fingerprint knows nothing of it.

Sources of the facts, read in November 2026:
- what Lambda compute cannot do, its minutes, its regions: AWS CodeBuild user guide, "Run builds on
  AWS Lambda compute" ("Limitations of AWS Lambda compute", "Which regions support AWS Lambda
  compute in CodeBuild?"): no root, nothing written outside /tmp, no cache, no time-outs of the
  project's own, no queue time-out, no privileged mode, no VPC, 15 minutes.
- images: the same guide, "Lambda compute images", and their definitions in the repository
  aws-codebuild-docker-images, al-lambda/{x86_64,aarch64}/python3.11 to python3.14: each is made
  FROM public.ecr.aws/lambda/python of its version, with gcc; g++ is in that of python3.11 only.
- environment and compute types: AWS CodeBuild API reference, "ProjectEnvironment".
- credentials that pull an image: the same page, imagePullCredentialsType: CODEBUILD for CodeBuild's
  own images.
"""

from __future__ import annotations

from dataclasses import dataclass

from builder.spec.runtimes import ARCHITECTURES, Target

COMPUTE = ("container", "lambda", "auto")
"""What layers can ask for; the first is the default."""

LAMBDA_PYTHON = ("3.11", "3.12", "3.13", "3.14")
"""Python versions that Lambda compute has an image of."""

LAMBDA_TYPES = {"arm64": "ARM_LAMBDA_CONTAINER", "x86_64": "LINUX_LAMBDA_CONTAINER"}
"""The environment type of Lambda compute, by architecture."""

LAMBDA_SIZE = "BUILD_LAMBDA_4GB"
"""The compute type: at least the memory of BUILD_GENERAL1_SMALL (3 GB, ARM 4 GB; user guide, "Build
environment compute modes and types")."""

LAMBDA_MINUTES = 15

LAMBDA_REGIONS = (
    *("ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "eu-central-1"),
    *("eu-west-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-2"),
)
"""Regions where CodeBuild has Lambda compute."""


@dataclass(frozen=True)
class Environment:
    """Where one build runs, in the words of StartBuild; "" leaves what the project has."""

    image: str
    environment_type: str
    compute_type: str = ""
    credentials: str = ""

    @property
    def is_lambda(self) -> bool:
        """Whether it is Lambda compute."""
        return is_lambda(self.environment_type)


def is_lambda(environment_type: str) -> bool:
    """Whether an environment type is one of Lambda compute."""
    return environment_type in LAMBDA_TYPES.values()


def container_of(target: Target, image: str) -> Environment:
    """Return the container of an image that a target is built in."""
    return Environment(image, target.environment_type)


def lambda_of(target: Target) -> Environment:
    """Return the Lambda compute that a target is built on."""
    machine = ARCHITECTURES[target.architecture].machine
    return Environment(
        f"aws/codebuild/amazonlinux-{machine}-lambda-standard:{target.runtime}",
        LAMBDA_TYPES[target.architecture],
        LAMBDA_SIZE,
        "CODEBUILD",
    )
