"""The credentials of the aws provider: one place for the provider and for the hooks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cdktf import Fn, TerraformLocal
from constructs import Construct

from builder.errors import SpecError
from builder.protocol.credentials import AssumeRole, WebIdentity
from modules.layer.bindings import AwsProviderAssumeRole, AwsProviderAssumeRoleWithWebIdentity
from modules.layer.naming import named


@dataclass(frozen=True)
class Credentials:
    """How the aws provider gets its credentials, so that the hooks get the same ones.

    All are empty when they come from the environment. ``role_arn`` is short for a first role
    without settings, ``assume_role`` the chain of roles, ``web_identity`` the role for a token,
    which comes before them. Their values may be Terraform expressions; so may ``assume_role`` and
    ``web_identity`` themselves, of lists of objects that have the provider's names.
    """

    profile: str = ""
    role_arn: str = ""
    assume_role: Sequence[AssumeRole] | str = ()
    web_identity: WebIdentity | str | None = None

    def provider_arguments(self) -> dict[str, Any]:
        """Return what an aws provider takes: ``AwsProvider(..., **it)``.

        Raise SpecError where roles are an expression, which is for a ``dynamic`` block.
        """
        first = [AssumeRole(self.role_arn)] if self.role_arn else []
        chain = [
            AwsProviderAssumeRole(**_set(role)) for role in [*first, *_roles(self.assume_role)]
        ]
        token = [
            AwsProviderAssumeRoleWithWebIdentity(**_set(role)) for role in _roles(self._token())
        ]
        arguments = {
            "profile": self.profile,
            "assume_role": chain,
            "assume_role_with_web_identity": token,
        }
        return {name: value for name, value in arguments.items() if value}

    def query(self, scope: Construct) -> dict[str, str]:
        """Return what the hooks are asked about them; ``assume`` only where there are roles."""
        asked = {"profile": self.profile, "role_arn": self.role_arn}
        more = {
            "assume_role": _document(self.assume_role),
            "assume_role_with_web_identity": _document(self._token()),
        }
        if any(more.values()):
            # A local value: in cdktf's functions an expression that is text would be escaped.
            local = named(TerraformLocal(scope, "credentials", more))
            asked["assume"] = str(Fn.jsonencode(local.expression))
        return asked

    def _token(self) -> Sequence[WebIdentity] | str:
        token = self.web_identity
        return [token] if isinstance(token, WebIdentity) else token or ()


Roles = Sequence[AssumeRole] | Sequence[WebIdentity] | str


def _document(roles: Roles) -> list[dict[str, Any]] | str:
    return roles if isinstance(roles, str) else [_set(role) for role in roles]


def _set(role: AssumeRole | WebIdentity) -> dict[str, Any]:
    """Return what is set of a role, by the provider's names."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(role).items()
        if value
    }


def _roles(roles: Roles) -> Sequence[AssumeRole] | Sequence[WebIdentity]:
    if not isinstance(roles, str):
        return roles
    raise SpecError(
        "the roles of the provider are a Terraform expression",
        where="Credentials, argument assume_role or web_identity",
        expected="AssumeRole(...) and WebIdentity(...)",
        fix="write a dynamic block into the provider, as LayersStack does, or name the roles",
    )
