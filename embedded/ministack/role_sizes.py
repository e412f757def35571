"""A role's inline policies have 10,240 characters in all, white space apart.

ministack 1.5.33 takes any. Source: IAM user guide, "IAM and AWS STS quotas"; the message is that of
IAM itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

ROOM = 10_240


def correct(iam: ModuleType) -> None:
    """Let ministack refuse a policy that a role has no room for."""
    theirs: Callable[[Mapping[str, Any]], Any] = iam._put_role_policy

    def put_role_policy(request: Mapping[str, Any]) -> Any:
        role, name = iam._p(request, "RoleName"), iam._p(request, "PolicyName")
        kept = {**iam._roles.get(role, {}).get("InlinePolicies", {})}
        kept[name] = iam._p(request, "PolicyDocument")
        if sum(map(_length, kept.values())) > ROOM:
            message = f"Maximum policy size of {ROOM} bytes exceeded for role {role}"
            return iam._error(409, "LimitExceeded", message, ns="iam")
        return theirs(request)

    iam._put_role_policy = put_role_policy  # type: ignore[attr-defined] # a module
    iam._IAM_HANDLERS["PutRolePolicy"] = put_role_policy


def _length(policy: Any) -> int:
    text = policy if isinstance(policy, str) else json.dumps(policy)
    return len("".join(text.split()))
