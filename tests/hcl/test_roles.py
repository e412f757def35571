"""Roles of the module: made from what they have to be, which is told where others make them."""

from __future__ import annotations

import pytest

from hcl.files import files
from hcl.roles import BUILDS, PROJECT, PUBLISHER, PUSHES, names_of


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return files()


def block(text: str, begin: str) -> str:
    return text.partition(f"{begin} {{\n")[2].partition("\n}\n")[0]


@pytest.mark.parametrize(
    ("file", "role", "local"),
    [
        ("main.tf", "build_role", PROJECT.reference),
        ("publisher.tf", "build_publisher_role", PUBLISHER.reference),
        ("layers.tf", "layer_push-role", PUSHES.reference),
        ("layers.tf", "layer_role", BUILDS.reference),
    ],
)
def test_a_role_is_made_from_what_it_has_to_be_and_only_if_the_module_makes_roles(
    made: dict[str, str], file: str, role: str, local: str
) -> None:
    found = block(made[file], f'resource "aws_iam_role" "{role}"')

    assert 'var.roles == "create"' in found.partition("\n\n")[0]
    assert f"jsonencode({local}.trust)" in found
    assert f"  name                 = {local}.name\n" in found


def test_what_each_role_has_to_be_is_told_where_others_make_them(made: dict[str, str]) -> None:
    found = block(made["main.tf"], 'resource "terraform_data" "build_roles"')

    assert found.startswith('  count = var.roles == "create" ? 0 : 1\n')
    for kind in (PROJECT, PUBLISHER, PUSHES, BUILDS):
        assert f"local.{kind.wanted}" in found


def test_the_plan_hook_hears_of_roles_only_where_others_make_them(made: dict[str, str]) -> None:
    found = block(made["layers.tf"], 'data "external" "build_plan"')

    names = "".join(names_of("name").split())
    assert f'"${{name}}.roles"={names}}}ifvar.roles=="existing"' in "".join(found.split())
