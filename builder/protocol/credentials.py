"""Roles that the aws provider assumes, in its own words, so that the hooks assume them too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class AssumeRole:
    """One role of a chain: the block ``assume_role`` of hashicorp/aws.

    ``duration`` is written as Terraform does, such as ``1h30m``. Values may be Terraform
    expressions in a stack.
    """

    role_arn: str
    session_name: str | None = None
    external_id: str | None = None
    duration: str | None = None
    policy: str | None = None
    policy_arns: tuple[str, ...] | None = None
    source_identity: str | None = None
    tags: Mapping[str, str] | None = None
    transitive_tag_keys: tuple[str, ...] | None = None


@dataclass(frozen=True)
class WebIdentity:
    """A role for a token of OpenID Connect: ``assume_role_with_web_identity`` of hashicorp/aws.

    The token is read from a file. A token itself would be kept in the state.
    """

    role_arn: str
    web_identity_token_file: str
    session_name: str | None = None
    duration: str | None = None
    policy: str | None = None
    policy_arns: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Roles:
    """The roles in the order in which they are assumed: the token's first, then the chain."""

    assume_role: tuple[AssumeRole, ...] = ()
    assume_role_with_web_identity: tuple[WebIdentity, ...] = ()
