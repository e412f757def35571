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

    repeats = found.partition("\n\n")[0]
    names = repeats.partition("for_each = local.")[2]
    asked = made[file].partition(f"  {names} = ")[2].partition("\n")[0] if names else repeats
    assert 'var.roles == "create"' in asked
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


@pytest.mark.parametrize(
    ("type_", "name"),
    [
        ("aws_iam_role_policy", "layer_permissions"),
        ("aws_iam_role_policy", "layer_push-permissions"),
        ("aws_s3_object", "layer_approval"),
    ],
)
def test_nothing_of_a_layer_names_the_roles_of_all(
    made: dict[str, str], type_: str, name: str
) -> None:
    found = block(made["layers.tf"], f'resource "{type_}" "{name}"')

    # To Terraform an instance that names a block of many names each of them.
    assert found
    assert "aws_iam_role." not in found


def test_no_resource_is_repeated_over_more_than_names(made: dict[str, str]) -> None:
    repeats = [
        line
        for file, text in made.items()
        if file in {"main.tf", "layers.tf", "publisher.tf"}
        for line in text.splitlines()
        if line.startswith("  for_each = ")
    ]

    assert len(repeats) > 5
    assert all(line.endswith("_names") for line in repeats)
