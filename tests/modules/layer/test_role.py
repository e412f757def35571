from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cdktf import App, TerraformStack
from cdktf import Testing as Synthesis

from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from modules.layer.bindings import AwsProvider
from modules.layer.place import Place
from modules.layer.policies import allow, document
from modules.layer.role import Role, Roles
from modules.layer.room import POLICY_FITS

if TYPE_CHECKING:
    pass

BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
TRUST = {"Version": "2012-10-17", "Statement": []}
PLACE = Place("123456789012", "eu-west-1", "aws")
POLICY = document(allow(["s3:GetObject"], ["*"]))
LAYER = LayerSpec("web", ("3.13",), "arm64", dependencies=("rich",))


def added(app: AppSpec) -> tuple[TerraformStack, Roles, Role]:
    stack = TerraformStack(App(), "shop")
    AwsProvider(stack, "aws")
    roles = Roles(stack, app, PLACE)
    role = roles.add(
        stack,
        ("role", "rights"),
        name="shop-a",
        description="It",
        trust=TRUST,
        policy=("read", document()),
        address="web",
    )
    return stack, roles, role


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
    stack, _, role = added(app)
    role.follow(lambda: POLICY, POLICY_FITS)

    resources = json.loads(Synthesis.synth(stack))["resource"]
    made = resources["aws_iam_role"]["web_role"]
    assert (made["name"], made["path"]) == ("shop-a", path)
    assert made.get("permissions_boundary") == boundary
    assert json.loads(made["assume_role_policy"]) == TRUST
    policy = resources["aws_iam_role_policy"]["web_rights"]
    assert (policy["name"], json.loads(policy["policy"])) == ("read", POLICY)
    assert [str(each) for each in role.ready[1:]] == [str(each) for each in role.rights]


def test_a_role_of_an_administrator_is_known_by_its_name_and_not_made() -> None:
    stack, roles, role = added(AppSpec("shop", role_path="/teams/", roles="existing"))
    role.follow(lambda: POLICY, POLICY_FITS)

    (resources,) = json.loads(Synthesis.synth(stack))["resource"].items()
    told = resources[1]["roles"]["input"]["read"]
    assert (resources[0], told["name"], told["policy"]) == ("terraform_data", "shop-a", POLICY)
    assert (role.arn, list(role.ready)) == ("arn:aws:iam::123456789012:role/teams/shop-a", [])
    (wanted,) = roles.wanted
    assert (wanted.name, wanted.path, wanted.policy) == ("shop-a", "/teams/", POLICY)
    assert roles.asked("web")["roles"] == "shop-a shop-web-50c-eu-west-1-build"


def test_hooks_hear_of_roles_only_where_others_make_them() -> None:
    _, roles, _ = added(AppSpec("shop"))

    assert roles.asked("web") == {}
