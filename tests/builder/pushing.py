"""What pushes an image, as the stack makes it: a project and its role."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from builder.protocol.keys import push_project
from builder.spec.compute import PUSHES
from embedded.aws import EmbeddedAws
from tests.builder.conftest import ACCOUNT, REGION


def make_pusher(
    aws: EmbeddedAws,
    *,
    project: str,
    bucket: str,
    repository: str,
    layer: str = "web",
    hold: Path | None = None,
) -> None:
    """Make what pushes a layer's image; ``project`` is that of its builds.

    Pushes wait while ``hold`` is there.
    """
    from modules.layer import policies  # here: the package starts Node

    name = push_project(project, layer)
    place = f"{REGION}:{ACCOUNT}"
    iam: Any = aws.client("iam")
    trust = policies.codebuild_trust(f"arn:aws:codebuild:{place}:project/{name}", ACCOUNT)
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    log_group = f"/aws/codebuild/{project}"
    document = policies.push(
        f"arn:aws:s3:::{bucket}",
        layer,
        f"arn:aws:ecr:{place}:repository/{repository}",
        f"arn:aws:logs:{place}:log-group:{log_group}",
    )
    iam.put_role_policy(RoleName=name, PolicyName="push", PolicyDocument=json.dumps(document))
    logs: Any = aws.client("logs")
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=log_group)
    aws.client("codebuild").create_project(
        name=name,
        source={"type": "NO_SOURCE", "buildspec": _buildspec(hold)},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": PUSHES.image,
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=role,
    )


def _buildspec(hold: Path | None) -> str:
    from modules.layer.buildspec import push_buildspec_text  # here: the package starts Node

    document = json.loads(push_buildspec_text())
    wait = [f"while [ -e {hold} ]; do sleep 0.05; done"] if hold else []
    document["phases"]["build"]["commands"][:0] = wait
    return json.dumps(document, indent=1)
