"""What commands need so that they reach an embedded AWS and nothing else."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from embedded.aws import without_aws
from embedded.terraform import Terraform

OTHER_ACCOUNTS = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)
"""Variables of the AWS SDKs that would lead to a real account, or add to the credentials here."""

OF_TERRAFORM = ("TF_CLI_CONFIG_FILE", "CHECKPOINT_DISABLE", "HTTP_PROXY", "http_proxy")
"""What a shell takes over of the environment in which we run terraform ourselves."""

VARIABLES = {"TF_VAR_s3_use_path_style": "true"}
"""Variables of the synthesized stack: on loopback no bucket has a host name of its own."""


def environment(aws: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with an embedded AWS in the place of any other AWS."""
    binaries = Path(sys.executable).parent
    path = f"{binaries}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**without_aws(os.environ), **aws, **VARIABLES, "PATH": path}


def variables(aws: Mapping[str, str], terraform: Terraform) -> dict[str, str]:
    """Return the variables that lead boto3, the AWS CLI, terraform and `lambda-layer` there."""
    of_terraform = {
        name: terraform.environment[name] for name in OF_TERRAFORM if name in terraform.environment
    }
    return {**aws, **of_terraform, **VARIABLES}


def exports(found: Mapping[str, str]) -> list[str]:
    """Return the lines that a shell reads to have them, with our programs on its PATH."""
    binaries = shlex.quote(str(Path(sys.executable).parent))
    return [
        f"unset {' '.join(OTHER_ACCOUNTS)}",
        f"export PATH={binaries}{os.pathsep}$PATH",
        *(f"export {name}={shlex.quote(value)}" for name, value in found.items()),
    ]


def enter(aws: Mapping[str, str]) -> None:
    """Make the embedded AWS the only AWS that this process and its children know."""
    wanted = environment(aws)
    os.environ.clear()
    os.environ.update(wanted)
