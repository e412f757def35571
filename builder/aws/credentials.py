"""Where credentials come from: those of the aws provider, and the roles that it assumes."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    AssumeRoleWithWebIdentityCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import NoCredentialsError

from builder.documents import Malformed, read_json, typed
from builder.errors import CredentialsError, SpecError
from builder.protocol.credentials import AssumeRole, Roles, WebIdentity

SESSION_NAME = "lambda-layer"

_REQUEST = {
    "session_name": "RoleSessionName",
    "external_id": "ExternalId",
    "policy": "Policy",
    "source_identity": "SourceIdentity",
}
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}
_PART = r"([0-9]+(?:\.[0-9]+)?)([hms])"


@dataclass(frozen=True)
class Credentials:
    """Where credentials come from: empty fields mean the environment, as everywhere in AWS.

    ``role_arn`` is assumed first, then the chain of ``roles``; a role for a token before both.
    """

    profile: str = ""
    role_arn: str = ""
    roles: Roles = field(default_factory=Roles)

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Credentials:
        """Read ``profile``, ``role_arn`` and ``assume`` of a query; all may be absent.

        Raise SpecError for what cannot be read.
        """
        try:
            profile, role_arn, more = (
                typed(str, fields.get(name) or "", name)
                for name in ("profile", "role_arn", "assume")
            )
            roles = typed(Roles, read_json(more), "assume") if more else Roles()
        except Malformed as error:
            raise SpecError(
                f"the credentials cannot be read: {error}",
                where="what Terraform asks: profile, role_arn and assume (docs/protocol.md)",
                expected='texts, and in assume {"assume_role": [{"role_arn": "..."}]} as JSON',
                fix="correct credentials= of the infrastructure, or the stack's variables",
            ) from error
        return cls(profile, role_arn, roles)

    @property
    def chain(self) -> tuple[AssumeRole, ...]:
        """The roles to assume, in order."""
        first = (AssumeRole(self.role_arn),) if self.role_arn else ()
        return first + self.roles.assume_role

    @property
    def token(self) -> WebIdentity | None:
        """The role for a token, if there is one."""
        return next(iter(self.roles.assume_role_with_web_identity), None)

    def __str__(self) -> str:
        parts = [f"profile {self.profile!r}" if self.profile else "the environment"]
        if self.token:
            parts = [f"the token in {self.token.web_identity_token_file} ({self.token.role_arn})"]
        return ", ".join([*parts, *(f"assuming {role.role_arn}" for role in self.chain)])


def session_of(credentials: Credentials, region: str | None, config: Config) -> boto3.Session:
    """Return a session of these credentials, with every role of theirs assumed.

    They are renewed before they end, because a build may take longer than a role's hour. Raise
    what botocore does, CredentialsError for a token that cannot be read, and SpecError for a
    duration.
    """
    base = boto3.Session(profile_name=credentials.profile or None, region_name=region)
    if not (credentials.chain or credentials.token):
        return base
    core = botocore.session.Session(profile=credentials.profile or None)
    client = functools.partial(
        core.create_client, region_name=region or base.region_name, config=config
    )
    source: Any = None
    if credentials.token:
        source = _deferred(_with_token(credentials.token, client))
    for role in credentials.chain:
        source = source or base.get_credentials()
        if source is None:
            raise NoCredentialsError
        source = _deferred(
            AssumeRoleCredentialFetcher(client, source, role.role_arn, _request(role))
        )
        source.get_frozen_credentials()  # here, where its refusal names the role
    source.get_frozen_credentials()
    core.register_component("credential_provider", CredentialResolver([_Given(source)]))
    return boto3.Session(botocore_session=core, region_name=region or base.region_name)


class _Given(CredentialProvider):
    """Credentials that are there already."""

    METHOD = "assume-role"

    def __init__(self, credentials: Any) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> Any:
        return self._credentials


def _deferred(fetcher: Any) -> DeferredRefreshableCredentials:
    return DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")


def _with_token(role: WebIdentity, client: Callable[..., Any]) -> Any:
    return AssumeRoleWithWebIdentityCredentialFetcher(
        client, lambda: _read_token(role), role.role_arn, _request(role)
    )


def _read_token(role: WebIdentity) -> str:
    try:
        return Path(role.web_identity_token_file).expanduser().read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise CredentialsError(
            f"the token for {role.role_arn} cannot be read: {error}",
            where=f"web_identity_token_file {role.web_identity_token_file}",
            expected="a file with a token of OpenID Connect",
            fix="let the job write its token there before terraform runs",
        ) from error


def _request(role: AssumeRole | WebIdentity) -> dict[str, Any]:
    """Return the parameters of sts:AssumeRole (AWS STS API reference) beside the role itself."""
    request: dict[str, Any] = {
        theirs: getattr(role, ours)
        for ours, theirs in _REQUEST.items()
        if getattr(role, ours, None)
    }
    request.setdefault("RoleSessionName", SESSION_NAME)
    if role.duration:
        request["DurationSeconds"] = _seconds(role.duration)
    if role.policy_arns:
        request["PolicyArns"] = [{"arn": arn} for arn in role.policy_arns]
    if isinstance(role, AssumeRole) and role.tags:
        request["Tags"] = [{"Key": key, "Value": text} for key, text in role.tags.items()]
    if isinstance(role, AssumeRole) and role.transitive_tag_keys:
        request["TransitiveTagKeys"] = list(role.transitive_tag_keys)
    return request


def _seconds(duration: str) -> int:
    if not re.fullmatch(f"({_PART})+", duration):
        raise SpecError(
            f"{duration!r} is no duration",
            where="assume_role, duration",
            expected="hours, minutes and seconds, such as 1h30m",
            fix="write it so, in the provider too",
        )
    return int(sum(float(n) * _UNITS[unit] for n, unit in re.findall(_PART, duration)))
