"""Where CodeBuild runs builds, as a table of data: in containers, or on its Lambda compute.

Lambda compute starts in seconds and is billed by the second; a container is provisioned for each
build and can do more. A container has the image of the runtime, which is pulled from a registry,
or one of CodeBuild's own, which its hosts keep. The artifact is the same from each, so the
fingerprint knows nothing of it.

Sources of the facts, read in November 2026:
- what Lambda compute cannot do, its minutes, its regions: AWS CodeBuild user guide, "Run builds on
  AWS Lambda compute" ("Limitations of AWS Lambda compute", "Which regions support AWS Lambda
  compute in CodeBuild?"): no root, nothing written outside /tmp, no cache, no time-outs of the
  project's own, no queue time-out, no privileged mode, no VPC, 15 minutes.
- images: the same guide, "Lambda compute images", and their definitions in the repository
  aws-codebuild-docker-images, al-lambda/{x86_64,aarch64}/python3.11 to python3.14: each is made
  FROM public.ecr.aws/lambda/python of its version, with gcc; g++ is in that of python3.11 only.
- environment and compute types: AWS CodeBuild API reference, "ProjectEnvironment".
- CodeBuild's own images of Amazon Linux 2023: user guide, "Docker images provided by CodeBuild"
  (the latest major version of each is kept in the machine images of CodeBuild's hosts), "Available
  runtimes", and their definitions in aws-codebuild-docker-images, al/x86_64/standard/6.0 and
  al/aarch64/standard/4.0: python3 is 3.14, and pyenv has 3.10 to 3.14, which it has built from
  python.org's sources on the system that the runtimes from 3.12 on have.
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

STANDARD_PYTHON = ("3.12", "3.13", "3.14")
"""Versions of the runtimes that are made of the system of CodeBuild's own images, and in them."""

STANDARD_IMAGES = {
    "arm64": "aws/codebuild/amazonlinux-aarch64-standard:4.0",
    "x86_64": "aws/codebuild/amazonlinux-x86_64-standard:6.0",
}
"""CodeBuild's own image of Amazon Linux 2023, by architecture."""

LAMBDA, STANDARD = "lambda", "standard"
"""Kinds of places that another may take over from: Lambda compute, and CodeBuild's own image."""

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

    @property
    def kind(self) -> str:
        """LAMBDA, STANDARD, or "" for the image of the runtime."""
        return kind_of(self.image, self.environment_type)


PUSHES = Environment(
    "aws/codebuild/amazonlinux-x86_64-standard:5.0",
    "LINUX_CONTAINER",
    "BUILD_GENERAL1_SMALL",
    "CODEBUILD",
)
"""Where images are pushed: an image of CodeBuild's own, which its machines have at hand (user
guide, "Docker images provided by CodeBuild")."""


def is_lambda(environment_type: str) -> bool:
    """Whether an environment type is one of Lambda compute."""
    return environment_type in LAMBDA_TYPES.values()


def kind_of(image: str, environment_type: str) -> str:
    """Return the kind of place where a build ran."""
    if is_lambda(environment_type):
        return LAMBDA
    return STANDARD if image in STANDARD_IMAGES.values() else ""


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


def standard_of(target: Target) -> Environment:
    """Return the container of CodeBuild's own image that a target is built in."""
    image = STANDARD_IMAGES[target.architecture]
    return Environment(image, target.environment_type, credentials="CODEBUILD")
