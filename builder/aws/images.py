"""ECR: the images of a repository, and how to log in to its registries."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from builder.aws.session import Session, code_of, explained
from builder.errors import AwsError

MOST = 100
"""Images of one BatchDeleteImage (Amazon ECR API reference)."""

GONE = "ImageNotFound"
"""How BatchDeleteImage says that an image is not there (Amazon ECR API reference, ImageFailure)."""

ABSENT = frozenset({"ImageNotFoundException", "RepositoryNotFoundException"})
"""Amazon ECR API reference, DescribeImages."""

REGISTRY = re.compile(
    r"(?P<account>\d{12})\.(dkr\.ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?"
    r"|dkr-ecr(-fips)?\.(?P<dual>[a-z0-9-]+)\.on\.(aws|amazonwebservices\.com\.cn))"
)
"""Names of private registries, IPv4 and dual-stack (Amazon ECR user guide, "Private registry" and
"Getting started with making requests over IPv6")."""

OWN_HOSTS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn")


@dataclass(frozen=True)
class TaggedImage:
    """An image that a tag names; ``size`` in bytes, ``pushed`` in ISO 8601 (UTC)."""

    digest: str
    tags: tuple[str, ...]
    size: int = 0
    pushed: str = ""


class Images:
    """The images of an account and region."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def _ecr(self) -> Any:
        return self._session.client("ecr")

    def has(self, repository: str, tag: str) -> bool:
        """Whether a repository has an image with a tag; without the repository it has none."""
        with explained("ecr:DescribeImages", f"repository {repository}, tag {tag}"):
            try:
                answer = self._ecr.describe_images(
                    repositoryName=repository, imageIds=[{"imageTag": tag}]
                )
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return False
                raise
        return bool(answer["imageDetails"])

    def tagged(self, repository: str) -> list[TaggedImage]:
        """Return the images that a tag names, last pushed first; none without the repository."""
        with explained("ecr:DescribeImages", f"repository {repository}"):
            pages = self._ecr.get_paginator("describe_images").paginate(
                repositoryName=repository, filter={"tagStatus": "TAGGED"}
            )
            try:
                found = [image for page in pages for image in page["imageDetails"]]
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return []
                raise
        dated = sorted(found, key=lambda image: image["imagePushedAt"], reverse=True)
        return [_image(image) for image in dated if image.get("imageTags")]

    def delete(self, repository: str, digests: Sequence[str]) -> None:
        """Delete images with all their tags; those that are gone already are fine.

        Raise AwsError for one that ECR keeps, such as an image that another one's list names.
        """
        for start in range(0, len(digests), MOST):
            some = [{"imageDigest": digest} for digest in digests[start : start + MOST]]
            with explained("ecr:BatchDeleteImage", f"repository {repository}"):
                answer = self._ecr.batch_delete_image(repositoryName=repository, imageIds=some)
            for failure in answer.get("failures", ()):
                if failure.get("failureCode") == GONE:
                    continue
                raise AwsError(
                    f"ecr:BatchDeleteImage failed: {failure.get('failureReason')}",
                    where=f"{repository}@{failure.get('imageId', {}).get('imageDigest', '')}",
                    expected="an image that can be deleted",
                    fix="look at the image in ECR; run it again: what is deleted stays deleted",
                )


def _image(answer: Any) -> TaggedImage:
    return TaggedImage(
        answer["imageDigest"],
        tuple(sorted(answer["imageTags"])),
        answer.get("imageSizeInBytes", 0),
        answer["imagePushedAt"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


@dataclass(frozen=True)
class Login:
    """How to talk to a registry: ``user:password``, and where it is if not at its name."""

    login: str = ""
    url: str = ""


class Registries:
    """The registries of ECR that a session may use."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def partition(self) -> str:
        """The partition of the session's region."""
        return self._session.partition

    @staticmethod
    def has(registry: str) -> bool:
        """Whether a registry is a private one of ECR."""
        return REGISTRY.fullmatch(registry) is not None

    def registry(self) -> str:
        """Return the name of the session's own registry."""
        suffix = ".cn" if self._session.partition == "aws-cn" else ""
        account, region = self._session.account, self._session.region
        return f"{account}.dkr.ecr.{region}.amazonaws.com{suffix}"

    def log_in(self, registry: str) -> Login:
        """Return the login for a private registry; none for one that is not of ECR.

        Where the endpoint of ECR is not AWS's own, the registry is there, too.
        """
        found = REGISTRY.fullmatch(registry)
        if found is None:
            return Login()
        ecr: Any = self._session.client("ecr")
        region = found["region"] or found["dual"]
        if region != self._session.region:
            ecr = Session(self._session.credentials, region).client("ecr")
        with explained("ecr:GetAuthorizationToken", f"registry {registry}"):
            (answer,) = ecr.get_authorization_token()["authorizationData"]
        login = base64.b64decode(answer["authorizationToken"]).decode()
        endpoint = urlsplit(ecr.meta.endpoint_url)
        is_own = (endpoint.hostname or "").endswith(OWN_HOSTS)
        return Login(login, "" if is_own else f"{endpoint.scheme}://{endpoint.netloc}")
