"""A role that an application needs: all that IAM is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RoleSpec:
    """A role with its one inline policy.

    ``trust`` and ``policy`` are IAM documents; ``permissions_boundary`` is an ARN, or "".
    """

    name: str
    path: str
    description: str
    permissions_boundary: str
    trust: Mapping[str, Any]
    policy_name: str
    policy: Mapping[str, Any]
