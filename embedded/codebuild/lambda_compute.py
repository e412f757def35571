"""CodeBuild's Lambda compute: what a build there may not have, and what it finds.

Sources: AWS CodeBuild user guide, "Run builds on AWS Lambda compute" (limitations, regions) and
"Lambda compute images"; API reference, "ProjectEnvironment"; the images' definitions in
aws-codebuild-docker-images, al-lambda. Of CodeBuild's own messages one form is known, "Cannot
specify queuedTimeoutInMinutes for lambda compute" (hashicorp/terraform-provider-aws, issue 34376);
the others here are made after it. Whether a project with a time-out of its own can be overridden to
Lambda compute is not documented; here it can, and the limit is that of Lambda compute.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from embedded.codebuild.settings import InvalidInput

Document = Mapping[str, Any]

TYPES = {"LINUX_LAMBDA_CONTAINER": "x86_64", "ARM_LAMBDA_CONTAINER": "aarch64"}
SIZES = tuple(f"BUILD_LAMBDA_{size}GB" for size in (1, 2, 4, 8, 10))
MINUTES = 15

REGIONS = (
    *("us-east-1", "us-east-2", "us-west-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
    *("ap-northeast-1", "eu-central-1", "eu-west-1", "sa-east-1"),
)

IMAGE = re.compile(
    r"aws/codebuild/amazonlinux-(?P<machine>x86_64|aarch64)-lambda-standard:"
    r"(python3\.1[1-4]|nodejs(18|20|22|24)|ruby3\.[24]|corretto(11|17|21|25)|go1\.2[145]"
    r"|dotnet(6|8|10))"
)
OWN_IMAGE = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/\S+")

NEVER = {
    # In a project or StartBuild's overrides -> the word of the refusal.
    "vpcConfig": "vpcConfig",
    "fileSystemLocations": "fileSystemLocations",
    "badgeEnabled": "badgeEnabled",
}
TIMES = ("timeoutInMinutes", "queuedTimeoutInMinutes")

ROOT_ONLY = ("yum", "dnf", "rpm", "microdnf", "sudo", "su", "docker", "dockerd")
NO_ROOT = (
    "Error: This command has to be run with superuser privileges (under the root user on most"
    " systems)."
)
"""What dnf says to others than root."""


WITHOUT_CXX = re.compile(r":python3\.1[2-4]$")


def is_lambda(environment_type: str) -> bool:
    """Whether an environment type is one of Lambda compute."""
    return environment_type in TYPES


def check(asked: Document, merged: Document, region: str) -> None:
    """Raise InvalidInput for what CodeBuild does not do on Lambda compute, and for the reverse.

    ``asked`` is the request; ``merged`` the project that it makes, or a build's with its overrides.
    """
    environment = merged.get("environment", {})
    kind, size = environment.get("type", ""), environment.get("computeType", "")
    if not is_lambda(kind):
        if size in SIZES:
            raise InvalidInput(f"{size} is only available for {' and '.join(TYPES)}, not {kind}")
        return
    if region not in REGIONS:
        raise InvalidInput(f"Lambda compute is not available in {region}")
    if size not in SIZES:
        raise InvalidInput(
            f"Lambda compute has {', '.join(SIZES)}, not {size or 'no compute type'}"
        )
    for name in _refused(asked, merged):
        raise InvalidInput(f"Cannot specify {name} for lambda compute")
    _check_image(environment, TYPES[kind])


def _refused(asked: Document, merged: Document) -> Iterator[str]:
    yield from (word for key, word in NEVER.items() if merged.get(key))
    yield from (key for key in TIMES if key in asked or f"{key}Override" in asked)
    if merged.get("cache", {}).get("type", "NO_CACHE") != "NO_CACHE":
        yield "cache"
    environment = merged.get("environment", {})
    yield from (key for key in ("privilegedMode", "certificate") if environment.get(key))


def _check_image(environment: Document, machine: str) -> None:
    image, pulls = environment.get("image", ""), environment.get("imagePullCredentialsType", "")
    found = IMAGE.fullmatch(image)
    if found is None:
        if OWN_IMAGE.fullmatch(image):
            return
        raise InvalidInput(f"Lambda compute has no image {image}")
    if found["machine"] != machine:
        raise InvalidInput(f"{image} is not an image for {machine}")
    if pulls == "SERVICE_ROLE":
        # API reference, imagePullCredentialsType: curated images need CODEBUILD credentials.
        raise InvalidInput("Must use CODEBUILD credentials with CodeBuild curated images")


def furnish(programs: Path, image: str) -> None:
    """Put in front of the PATH what needs root, or is not there, as it answers on Lambda compute.

    The images of Amazon Linux 2023 are made with gcc, and without g++ (their definitions).
    """
    for name in ROOT_ONLY:
        _write(programs / name, f'echo "{NO_ROOT}" >&2; exit 1')
    for name in ("g++", "c++") if WITHOUT_CXX.search(image) else ():
        _write(programs / name, f'echo "{name}: command not found" >&2; exit 127')


def _write(program: Path, script: str) -> None:
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def variables(temporary: Path) -> dict[str, str]:
    """Return what the images set, with the build's own folder in the place of /tmp."""
    own = temporary / "opt"
    return {
        "HOME": str(temporary),
        "LAMBDA_USER_HOME": str(own),
        "PYTHONPATH": str(own / "python/site-packages"),
    }
