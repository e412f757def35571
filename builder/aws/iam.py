"""IAM: who a caller is, and what the policies would let it do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from builder.aws.session import Session, explained

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

ASSUMED = re.compile(r"arn:[^:]+:sts::\d+:assumed-role/(?P<role>[^/]+)/.+")

PASSED_TO = "codebuild.amazonaws.com"
"""To whom our roles are passed; policies may demand it (docs/permissions.md)."""


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
