"""AWS as the build's role sees it: every call of a build is made with these credentials."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from builder.errors import LayerError
from embedded import clients
from embedded.clients import Credentials
from embedded.codebuild.environment import Place
from embedded.codebuild.settings import Variable
from embedded.codebuild.upstream import Upstream
from embedded.ministack import trust

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client

ERRORS = (ClientError, BotoCoreError, Boto3Error)


class RoleError(LayerError):
    """The role cannot be assumed, or may not do what the build asks."""


@dataclass(frozen=True)
class Role:
    """The build's role, assumed."""

    credentials: Credentials
    place: Place

    @cached_property
    def s3(self) -> S3Client:
        """S3 as the role sees it."""
        found: S3Client = self.client("s3")
        return found

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        """CloudWatch Logs as the role sees it."""
        found: CloudWatchLogsClient = self.client("logs")
        return found

    def client(self, service: str) -> Any:
        """Return a client for a service that is seldom needed."""
        return clients.client(service, self.place.endpoint, self.place.region, self.credentials)


def assume(own: Upstream, place: Place, role_arn: str, build_uuid: str, project_arn: str) -> Role:
    """Assume a build's role as CodeBuild does; ``own`` is CodeBuild's own view of AWS.

    ministack lets the account's root assume any role, so whether the role trusts CodeBuild is
    checked here.
    """
    name = role_arn.rpartition("/")[2]
    try:
        document = own.iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        if not trusts_codebuild(document):
            raise RoleError(
                f"CodeBuild is not authorized to perform: sts:AssumeRole on {role_arn}",
                where=f"the trust policy of {role_arn}",
                expected="a statement that allows sts:AssumeRole to codebuild.amazonaws.com",
            )
        sts = own.client("sts")
        trust.send(sts, arn=project_arn, account=role_arn.split(":")[4])
        found = sts.assume_role(RoleArn=role_arn, RoleSessionName=f"AWSCodeBuild-{build_uuid}")[
            "Credentials"
        ]
    except ERRORS as error:
        raise RoleError(
            f"CodeBuild is not authorized to perform: sts:AssumeRole on {role_arn}",
            where=str(error),
        ) from error
    credentials = Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
    return Role(credentials, place)


def trusts_codebuild(policy: Any) -> bool:
    """Whether a trust policy lets the service CodeBuild assume its role."""
    return trusts(policy, "codebuild.amazonaws.com")


def trusts(policy: Any, service: str) -> bool:
    """Whether a trust policy lets a service assume its role."""
    document = json.loads(policy) if isinstance(policy, str) else policy
    verdict = False
    for statement in as_list(document.get("Statement", [])):
        principal = statement.get("Principal", {})
        services = as_list(principal.get("Service", [])) if isinstance(principal, dict) else []
        if service not in services:
            continue
        if not {"sts:AssumeRole", "sts:*", "*"} & set(as_list(statement.get("Action", []))):
            continue
        if statement.get("Effect") == "Deny":
            return False
        verdict = True
    return verdict


def as_list(value: Any) -> list[Any]:
    """Return a policy's value as a list: a single one may stand for itself."""
    return value if isinstance(value, list) else [value]


def resolve_variables(role: Role, variables: Iterable[Variable]) -> dict[str, str]:
    """Return the values of variables, fetched as the role; raise RoleError for one out of reach."""
    values: dict[str, str] = {}
    for variable in variables:
        try:
            values[variable.name] = resolve_variable(role, variable)
        except (*ERRORS, KeyError, ValueError) as error:
            raise RoleError(
                f"Decrypted Variables Error: {variable.name}: {error}",
                where=f"environment variable {variable.name} of type {variable.kind}",
            ) from error
    return values


def resolve_variable(role: Role, variable: Variable) -> str:
    """Fetch one value."""
    if variable.kind == "PARAMETER_STORE":
        ssm = role.client("ssm")
        found = ssm.get_parameter(Name=variable.value, WithDecryption=True)
        return str(found["Parameter"]["Value"])
    if variable.kind == "SECRETS_MANAGER":
        return secret(role, variable.value)
    return variable.value


def secret(role: Role, reference: str) -> str:
    """Fetch a secret by ``secret-id:json-key:version-stage:version-id``; the id may be an ARN."""
    parts = reference.split(":")
    width = 7 if reference.startswith("arn:") else 1
    name = ":".join(parts[:width])
    key, stage, version = [*parts[width:], "", "", ""][:3]
    request = {"SecretId": name}
    if stage:
        request["VersionStage"] = stage
    if version:
        request["VersionId"] = version
    text = str(role.client("secretsmanager").get_secret_value(**request)["SecretString"])
    return str(json.loads(text)[key]) if key else text
