"""IAM: who a caller is, and what the policies would let it do."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from builder.aws.session import Session, explained
from builder.errors import AwsError

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

log = logging.getLogger(__name__)

ASSUMED = re.compile(r"arn:[^:]+:sts::\d+:assumed-role/(?P<role>[^/]+)/.+")

PASSED_TO = "codebuild.amazonaws.com"
"""To whom our roles are passed; policies may demand it (docs/permissions.md)."""


@dataclass(frozen=True)
class FoundRole:
    """A role as it is; ``boundary`` is the ARN of its permissions boundary, or ""."""

    path: str
    trust: Mapping[str, Any]
    boundary: str


class Iam:
    """The identities of an account."""

    def __init__(self, session: Session) -> None:
        self._iam: IAMClient = session.client("iam")

    def principal(self, caller: str) -> str:
        """Return the ARN whose policies count for a caller: of a session, that of its role.

        The session's ARN lacks the role's path (IAM user guide, "IAM identifiers"), so IAM is
        asked. Raise AwsError when it does not answer.
        """
        found = ASSUMED.fullmatch(caller)
        if found is None:
            return caller
        with explained("iam:GetRole", f"role {found['role']}"):
            return self._iam.get_role(RoleName=found["role"])["Role"]["Arn"]

    def role(self, name: str) -> FoundRole | None:
        """Return a role, None if there is none; raise AwsError when IAM does not say it."""
        with explained("iam:GetRole", f"role {name}"):
            try:
                found = self._iam.get_role(RoleName=name)["Role"]
            except self._iam.exceptions.NoSuchEntityException:
                return None
        trust: Any = found["AssumeRolePolicyDocument"]  # botocore decodes it
        boundary = found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "")
        return FoundRole(found["Path"], trust, boundary)

    def lacks_role(self, name: str) -> bool:
        """Whether a role is known not to be there: who may not ask does not know it."""
        try:
            return self.role(name) is None
        except AwsError as error:
            log.debug("role %s: %s", name, error.what)
            return False

    def inline_policies(self, role: str) -> list[Mapping[str, Any]]:
        """Return the documents of a role's own policies; raise AwsError when IAM does not say."""
        with explained("iam:ListRolePolicies", f"role {role}"):
            pages = self._iam.get_paginator("list_role_policies").paginate(RoleName=role)
            names = [name for page in pages for name in page["PolicyNames"]]
        found: list[Mapping[str, Any]] = []
        for name in names:
            with explained("iam:GetRolePolicy", f"role {role}"):
                answer: Any = self._iam.get_role_policy(RoleName=role, PolicyName=name)
                found.append(answer["PolicyDocument"])
        return found

    def attached_policies(self, role: str) -> list[str]:
        """Return the ARNs of the managed policies of a role; raise AwsError as the others do."""
        with explained("iam:ListAttachedRolePolicies", f"role {role}"):
            pages = self._iam.get_paginator("list_attached_role_policies").paginate(RoleName=role)
            return [each["PolicyArn"] for page in pages for each in page["AttachedPolicies"]]

    def refused(self, principal: str, actions: Sequence[str], resource: str) -> list[str]:
        """Return the actions on a resource that the principal's policies do not allow.

        Policies of resources and of the organization may still refuse what is allowed here (IAM
        API reference, SimulatePrincipalPolicy). Raise AwsError when it cannot be asked.
        """
        with explained("iam:SimulatePrincipalPolicy", principal):
            pages = self._iam.get_paginator("simulate_principal_policy").paginate(
                PolicySourceArn=principal,
                ActionNames=list(actions),
                ResourceArns=[resource],
                ContextEntries=[
                    {
                        "ContextKeyName": "iam:PassedToService",
                        "ContextKeyValues": [PASSED_TO],
                        "ContextKeyType": "string",
                    }
                ],
            )
            return [
                result["EvalActionName"]
                for page in pages
                for result in page["EvaluationResults"]
                if result["EvalDecision"] != "allowed"
            ]
