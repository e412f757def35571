"""Lambda layers: publish versions, find them, delete them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from botocore.exceptions import ClientError

from builder.aws.session import Session, code_of, explained
from builder.spec.runtimes import Target

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.literals import ArchitectureType, RuntimeType

MARK = re.compile(r"\[([0-9a-f]{64}#[0-9]+)\]$")
"""How a version's description ends when we published it: the token in brackets."""


@dataclass(frozen=True)
class LayerVersion:
    """A published layer version; ``token`` is "" when it was not published by us."""

    arn: str
    version: int
    token: str
    code_sha256: str = ""
    code_size: int = 0


class Layers:
    """The layers of an account and region."""

    def __init__(self, session: Session) -> None:
        # Publishing answers only when Lambda has copied and unpacked the archive, and a second
        # attempt would publish twice: one patient attempt; ensure() looks before it tries again.
        self._publisher: LambdaClient = session.client(
            "lambda", read_timeout=300, retries={"mode": "standard", "total_max_attempts": 1}
        )
        self._lambda: LambdaClient = session.client("lambda")

    def publish(
        self,
        name: str,
        *,
        bucket: str,
        key: str,
        object_version: str,
        targets: tuple[Target, ...],
        description: str,
        token: str,
    ) -> LayerVersion:
        """Publish one version of an object in S3 as the next version of a layer."""
        content = {"S3Bucket": bucket, "S3Key": key}
        if object_version:
            content["S3ObjectVersion"] = object_version
        with explained("lambda:PublishLayerVersion", f"layer {name}"):
            answer = self._publisher.publish_layer_version(
                LayerName=name,
                Description=f"{description} [{token}]".strip(),
                Content=content,  # type: ignore[arg-type]  # S3ObjectVersion only when there is one
                CompatibleRuntimes=cast("list[RuntimeType]", [t.runtime for t in targets]),
                CompatibleArchitectures=cast(
                    "list[ArchitectureType]", sorted({t.architecture for t in targets})
                ),
            )
        return LayerVersion(
            arn=answer["LayerVersionArn"],
            version=answer["Version"],
            token=token,
            code_sha256=answer["Content"]["CodeSha256"],
            code_size=answer["Content"]["CodeSize"],
        )

    def get(self, arn: str) -> LayerVersion | None:
        """Return a version by its ARN, or None if it was deleted."""
        with explained("lambda:GetLayerVersion", arn):
            try:
                answer = self._lambda.get_layer_version_by_arn(Arn=arn)
            except ClientError as error:
                if code_of(error) == "ResourceNotFoundException":
                    return None
                raise
        return LayerVersion(
            arn=answer["LayerVersionArn"],
            version=answer["Version"],
            token=_token(answer.get("Description", "")),
            code_sha256=answer["Content"]["CodeSha256"],
            code_size=answer["Content"]["CodeSize"],
        )

    def versions(self, name: str) -> Iterator[LayerVersion]:
        """Yield the versions of a layer, newest first, without size and hash."""
        with explained("lambda:ListLayerVersions", f"layer {name}"):
            try:
                for page in self._lambda.get_paginator("list_layer_versions").paginate(
                    LayerName=name
                ):
                    for entry in page["LayerVersions"]:
                        token = _token(entry.get("Description", ""))
                        yield LayerVersion(entry["LayerVersionArn"], entry["Version"], token)
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise

    def delete(self, name: str, version: int) -> None:
        """Delete a version; one that is gone already is fine."""
        with explained("lambda:DeleteLayerVersion", f"layer {name}:{version}"):
            self._lambda.delete_layer_version(LayerName=name, VersionNumber=version)


def _token(description: str) -> str:
    found = MARK.search(description)
    return found[1] if found else ""
