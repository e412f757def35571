from __future__ import annotations

import json

import pytest
from cdktf import App, TerraformStack

from builder.spec.app_spec import AppSpec
from modules.layer.bindings import AwsProvider
from modules.layer.role import role_of

BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
TRUST = {"Version": "2012-10-17", "Statement": []}


@pytest.mark.parametrize(
    ("app", "path", "boundary"),
    [
        (AppSpec("shop"), "/", None),
        (AppSpec("shop", role_path="/teams/", permissions_boundary=BOUNDARY), "/teams/", BOUNDARY),
    ],
)
def test_a_role_is_as_the_applications_options_want_it(
    app: AppSpec, path: str, boundary: str | None
) -> None:
    stack = TerraformStack(App(), "shop")
    AwsProvider(stack, "aws")

    role_of(stack, "role", app, name="shop-a", description="It", trust=TRUST, address="web")

    made = stack.to_terraform()["resource"]["aws_iam_role"]["web_role"]
    assert (made["name"], made["path"]) == ("shop-a", path)
    assert made.get("permissions_boundary") == boundary
    assert json.loads(made["assume_role_policy"]) == TRUST
