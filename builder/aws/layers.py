"""Lambda layers: publish versions, find them, delete them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
)
from botocore.exceptions import ConnectionError as BotocoreConnectionError

from builder.aws.session import Session, code_of, explained
from builder.errors import AwsError, Unanswered
from builder.room import is_full
from builder.spec.runtimes import Target

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.literals import ArchitectureType, RuntimeType

SERVER_ERROR, GATEWAY_TIMEOUT = 500, 504

NOT_CONNECTED = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)
"""What botocore raises where it did not get as far as to send the request."""

GRANT = "fast-lambda-layer-"
"""How the ids of our statements in a version's policy begin; the account or organization follows.
Others' statements are left as they are."""

MARK = re.compile(r"\[(?P<token>[0-9a-f]{64}#[0-9]+)(?: of (?P<app>[a-z0-9-]+))?\]$")
"""How a version's description ends when we published it: the token, and the application whose it
is. Before 2026-11-25 it had the token alone."""

LONGEST = 256
"""Characters of a description (AWS Lambda API reference, PublishLayerVersion)."""


@dataclass(frozen=True)
class LayerVersion:
    """A published layer version; ``token`` is "" when it was not published by us.

    ``app`` is the application that published it, "" where the version does not say so: two
    applications can make one name of layer, ``shop`` with ``web-x`` and ``shop-web`` with ``x``.
    ``created`` is when (ISO 8601, UTC), where GetLayerVersion was asked; ``fresh`` says that this
    run published it. ``image_uri`` is how functions name it where it is an image, by its digest.
    """

    arn: str
    version: int
    token: str
    code_sha256: str = ""
    code_size: int = 0
    app: str = ""
    created: str = field(default="", compare=False)
    image_uri: str = ""
    fresh: bool = field(default=False, compare=False)

    def is_of(self, app: str) -> bool:
        """Whether it was published for an application, as far as the version says."""
        return bool(self.token) and self.app in ("", app)


class Versions(Protocol):
    """What a release asks of that which has its versions: Lambda, or a repository of images.

    ``outlives_caller`` says whether a call to publish may go on when its caller has ended, and so
    leave a version later.
    """

    outlives_caller: ClassVar[bool]

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
        app: str,
    ) -> LayerVersion:
        """Publish one version of an object in S3 as the next version."""

    def get(self, arn: str) -> LayerVersion | None:
        """Return a version by its ARN, or None if it was deleted."""

    def exists(self, arn: str) -> bool:
        """Say whether a version is there, by its ARN."""
        return self.get(arn) is not None

    def download(self, arn: str, into: Path) -> LayerVersion:
        """Write the archive of a version to a file."""

    def versions(self, name: str) -> Iterator[LayerVersion]:
        """Yield the versions, newest first."""

    def shared_with(self, name: str, version: int) -> set[str]:
        """Return the accounts and organizations that we gave a version to."""

    def granted(self, name: str, version: int) -> list[str]:
        """Return the principals whom a version's policy names."""

    def share(self, name: str, version: int, whom: str) -> None:
        """Let an account or an organization use a version."""

    def unshare(self, name: str, version: int, whom: str) -> None:
        """Take a version from an account or organization."""

    def delete(self, name: str, version: int) -> None:
        """Delete a version; one that is gone already is fine."""


class Layers(Versions):
    """The layers of an account and region."""

    outlives_caller = True

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lambda: LambdaClient = session.client("lambda")

    @cached_property
    def _publisher(self) -> LambdaClient:
        # Publishing answers only when Lambda has copied and unpacked the archive, and a second
        # attempt would publish twice: one patient attempt; ensure() looks before it tries again.
        client: LambdaClient = self._session.client(
            "lambda", read_timeout=300, retries={"mode": "standard", "total_max_attempts": 1}
        )
        return client

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
        app: str,
    ) -> LayerVersion:
        """Publish one version of an object in S3 as the next version of a layer.

        Raise Unanswered when it may be tried again, after a look whether it was published.
        """
        content = {"S3Bucket": bucket, "S3Key": key}
        if object_version:
            content["S3ObjectVersion"] = object_version
        with (
            explained("lambda:PublishLayerVersion", f"layer {name}"),
            _unanswered(f"layer {name}"),
        ):
            answer = self._publisher.publish_layer_version(
                LayerName=name,
                Description=_description(description, token, app),
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
            app=app,
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
            token=_mark(answer)[0],
            code_sha256=answer["Content"]["CodeSha256"],
            code_size=answer["Content"]["CodeSize"],
            app=_mark(answer)[1],
            # 2026-11-25T18:52:00.000+0000: always UTC (AWS Lambda API reference, GetLayerVersion).
            created=f"{answer['CreatedDate'][:19]}Z",
        )

    def download(self, arn: str, into: Path) -> LayerVersion:
        """Write the archive of a version to a file; return what Lambda says of the version.

        Raise AwsError when Lambda has it no longer, or gives other bytes than it says.
        """
        with explained("lambda:GetLayerVersion", arn):
            answer = self._lambda.get_layer_version_by_arn(Arn=arn)
        content = answer["Content"]
        digest = hashlib.sha256()
        try:
            # A URL that Lambda has signed, good for ten minutes (API reference, GetLayerVersion).
            address = urllib.request.urlopen(content["Location"], timeout=60)  # noqa: S310 - Lambda's
            with address as body, into.open("wb") as file:
                for block in iter(lambda: body.read(1 << 20), b""):
                    digest.update(block)
                    file.write(block)
        except (OSError, HTTPException) as error:
            if is_full(error):
                raise
            raise AwsError(
                f"the archive of {arn} cannot be downloaded: {error}",
                where="the address that lambda:GetLayerVersion returned",
                expected="a way to it over HTTPS",
                fix="look at proxies and firewalls, then run it again",
            ) from error
        if base64.b64encode(digest.digest()).decode("ascii") != content["CodeSha256"]:
            raise AwsError(
                f"the archive of {arn} is not the one that Lambda says it is",
                where="the address that lambda:GetLayerVersion returned",
                expected=f"SHA-256 {content['CodeSha256']}",
                fix="run it again; if it stays so, look for a proxy that changes downloads",
            )
        token, app = _mark(answer)
        return LayerVersion(
            arn, answer["Version"], token, content["CodeSha256"], content["CodeSize"], app
        )

    def versions(self, name: str) -> Iterator[LayerVersion]:
        """Yield the versions of a layer, newest first, without size and hash."""
        with explained("lambda:ListLayerVersions", f"layer {name}"):
            try:
                for page in self._lambda.get_paginator("list_layer_versions").paginate(
                    LayerName=name
                ):
                    for entry in page["LayerVersions"]:
                        token, app = _mark(entry)
                        arn, number = entry["LayerVersionArn"], entry["Version"]
                        yield LayerVersion(arn, number, token, app=app)
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise

    def shared_with(self, name: str, version: int) -> set[str]:
        """Return the accounts and organizations that we gave a version to; none if it is gone."""
        ids = [str(statement.get("Sid", "")) for statement in self._statements(name, version)]
        return {sid.removeprefix(GRANT) for sid in ids if sid.startswith(GRANT)}

    def granted(self, name: str, version: int) -> list[str]:
        """Return the principals whom a version's policy names, whoever wrote it; none if gone."""
        found: dict[str, None] = {}
        for statement in self._statements(name, version):
            principal = statement.get("Principal", "")
            named = principal.values() if isinstance(principal, dict) else [principal]
            for one in named:
                found.update(dict.fromkeys(map(str, one if isinstance(one, list) else [one])))
        return list(found)

    def _statements(self, name: str, version: int) -> list[dict[str, Any]]:
        with explained("lambda:GetLayerVersionPolicy", f"layer {name}:{version}"):
            try:
                answer = self._lambda.get_layer_version_policy(
                    LayerName=name, VersionNumber=version
                )
            except ClientError as error:
                if code_of(error) == "ResourceNotFoundException":
                    return []
                raise
        return list(json.loads(answer["Policy"]).get("Statement", []))

    def share(self, name: str, version: int, whom: str) -> None:
        """Let an account, or all accounts of an organization (``o-...``), use a version.

        One that has it already is fine.
        """
        who = {"Principal": "*", "OrganizationId": whom} if whom.startswith("o-") else {}
        with explained("lambda:AddLayerVersionPermission", f"layer {name}:{version}"):
            try:
                self._lambda.add_layer_version_permission(
                    LayerName=name,
                    VersionNumber=version,
                    StatementId=f"{GRANT}{whom}",
                    Action="lambda:GetLayerVersion",
                    **(who or {"Principal": whom}),
                )
            except ClientError as error:
                # Also while another change is under way (API reference, "Errors"): that gives
                # nothing to whom we mean.
                if code_of(error) != "ResourceConflictException":
                    raise
                if whom not in self.shared_with(name, version):
                    raise

    def unshare(self, name: str, version: int, whom: str) -> None:
        """Take a version from an account or organization; one that has it no longer is fine."""
        with explained("lambda:RemoveLayerVersionPermission", f"layer {name}:{version}"):
            try:
                self._lambda.remove_layer_version_permission(
                    LayerName=name, VersionNumber=version, StatementId=f"{GRANT}{whom}"
                )
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise

    def delete(self, name: str, version: int) -> None:
        """Delete a version; one that is gone already is fine."""
        with explained("lambda:DeleteLayerVersion", f"layer {name}:{version}"):
            self._lambda.delete_layer_version(LayerName=name, VersionNumber=version)


def _description(text: str, token: str, app: str) -> str:
    mark = f" [{token} of {app}]"
    return f"{text[: LONGEST - len(mark)]}{mark}".strip()


def _mark(version: Mapping[str, Any]) -> tuple[str, str]:
    """Return the token and the application that a version's description ends with."""
    found = MARK.search(version.get("Description", ""))
    return (found["token"], found["app"] or "") if found else ("", "")


@contextmanager
def _unanswered(resource: str) -> Iterator[None]:
    """Raise Unanswered where it is not known whether AWS did it; the session waits out a 429."""
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if status < SERVER_ERROR:
            raise
        is_open = status == GATEWAY_TIMEOUT
        raise _no_answer(f"{status} {code_of(error)}", resource, is_open=is_open) from error
    except (BotocoreConnectionError, HTTPClientError) as error:
        was_sent = not isinstance(error, NOT_CONNECTED)
        raise _no_answer(str(error), resource, is_open=was_sent, was_sent=was_sent) from error


def _no_answer(how: str, resource: str, *, is_open: bool, was_sent: bool = True) -> Unanswered:
    return Unanswered(
        f"lambda:PublishLayerVersion was not answered: {how}",
        where=resource,
        expected="the new version, or an error that says why there is none",
        fix="run it again: it first looks whether the version was published",
        is_open=is_open,
        was_sent=was_sent,
    )
