from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from builder.spec.app_options import Vpc
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from builder.spec.role_spec import RoleSpec
from builder.spec.service_spec import ServiceSpec
from modules.layer.place import Place
from modules.layer.stack import LayersStack
from modules.layer.wanted_roles import wanted_roles

import cdktf  # isort: skip - the bindings start Node

PLACE = Place("123456789012", "eu-west-1", "aws")
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"
WEB = LayerSpec("web", ("3.12", "3.13"), "arm64", dependencies=("rich",), keep=2)
IMAGE = LayerSpec("img", ("3.13",), "arm64", dependencies=("rich",), image=True)
SERVICE = ServiceSpec(
    "ledger",
    ("chroma", "--port", "{port}", "--path", "{data}"),
    layer="img",
    vpc="vpc-0123abcd",
    subnets=("subnet-0123abcd",),
)
APP = AppSpec(
    "shop",
    async_mode=True,
    kms_key=KEY,
    permissions_boundary="arn:aws:iam::123456789012:policy/boundary",
    role_path="/teams/",
    vpc=Vpc("vpc-0123abcd", ("subnet-0123abcd",), ("sg-0123abcd",)),
)


def resources(app: AppSpec) -> dict[str, Any]:
    stack = LayersStack(
        cdktf.Testing.app(), app.name, app=app, layers=[WEB, IMAGE], services=[SERVICE], root="."
    )
    found: dict[str, Any] = json.loads(cdktf.Testing.synth(stack))["resource"]
    return found


def test_all_roles_are_those_that_the_stack_declares() -> None:
    found = resources(APP)
    wanted = wanted_roles(APP, [WEB, IMAGE], PLACE, [SERVICE])

    assert len(wanted) == len(found["aws_iam_role"]) == len(found["aws_iam_role_policy"]) == 7
    assert "${" not in json.dumps([each.__dict__ for each in wanted])
    kinds = sorted(role.policy_name for role in wanted)
    assert kinds == sorted(each["name"] for each in found["aws_iam_role_policy"].values())
    for role in wanted:
        assert (role.path, role.permissions_boundary) == ("/teams/", APP.permissions_boundary)


def test_with_existing_roles_the_stack_declares_none() -> None:
    app = replace(APP, roles="existing")
    found = resources(app)

    assert not {"aws_iam_role", "aws_iam_role_policy"} & found.keys()
    names = [role.name for role in wanted_roles(app, [WEB, IMAGE], PLACE, [SERVICE])]
    text = json.dumps(found)
    assert "aws_iam_role" not in text
    assert len(names) == 7


def test_a_role_of_an_administrator_may_what_the_stacks_own_may() -> None:
    theirs = wanted_roles(replace(APP, roles="existing"), [WEB, IMAGE], PLACE, [SERVICE])
    ours = wanted_roles(APP, [WEB, IMAGE], PLACE, [SERVICE])

    names = {his.name: our.name for his, our in zip(theirs, ours, strict=True)}
    assert not names.keys() & set(names.values())
    text = json.dumps([role.__dict__ for role in theirs])
    for his, our in names.items():
        assert len(his) <= 64
        text = text.replace(his, our)
    assert [RoleSpec(**each) for each in json.loads(text)] == ours


@pytest.mark.parametrize("services", [(), (SERVICE,)])
def test_nothing_is_written_where_it_is_called(
    services: tuple[ServiceSpec, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    wanted_roles(APP, [WEB, IMAGE], PLACE, services)

    assert list(tmp_path.iterdir()) == []
