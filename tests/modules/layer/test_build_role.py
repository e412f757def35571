from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from builder.spec.layer_spec import LayerSpec

if TYPE_CHECKING:
    from tests.modules.layer.conftest import Synthesize

IMAGE = LayerSpec("web", ("3.12",), "arm64", dependencies=("requests",), image=True)


@pytest.mark.parametrize(
    ("role", "permissions", "project", "policy"),
    [
        ("web_role", "web_permissions", "shop-layers", "build"),
        ("web_push-role", "web_push-permissions", "shop-layers_web", "push"),
    ],
)
def test_a_role_has_one_policy_and_is_trusted_for_builds_of_one_project(
    synthesize: Synthesize, role: str, permissions: str, project: str, policy: str
) -> None:
    found = synthesize(spec=IMAGE)
    (trust,) = json.loads(found.resource("aws_iam_role", role)["assume_role_policy"])["Statement"]

    assert trust["Principal"] == {"Service": "codebuild.amazonaws.com"}
    named = trust["Condition"]["StringEquals"]
    assert named["aws:SourceArn"].endswith(f":project/{project}")
    assert named["aws:SourceAccount"]
    given = found.resource("aws_iam_role_policy", permissions)
    assert (given["name"], given["role"]) == (policy, f"${{aws_iam_role.{role}.id}}")
