"""What the module has for layers that are images alone."""

from __future__ import annotations

import pytest

from builder.images.reference import PRIVATE
from hcl.files import files


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return files()


@pytest.mark.parametrize(
    ("type_", "label"),
    [
        ("aws_ecr_repository", "repository"),
        ("aws_ecr_lifecycle_policy", "image-lifecycle"),
        ("aws_codebuild_project", "push"),
    ],
)
def test_only_images_have_a_repository_and_what_pushes_into_it(
    made: dict[str, str], type_: str, label: str
) -> None:
    _, _, rest = made["layers.tf"].partition(f'resource "{type_}" "layer_{label}" {{\n')
    block, _, _ = rest.partition("\n}\n")

    assert "  for_each = local.layer_image_names\n" in block


@pytest.mark.parametrize(
    ("type_", "label"),
    [("aws_iam_role", "push-role"), ("aws_iam_role_policy", "push-permissions")],
)
def test_only_images_have_a_role_that_pushes_if_the_module_makes_roles(
    made: dict[str, str], type_: str, label: str
) -> None:
    _, _, rest = made["layers.tf"].partition(f'resource "{type_}" "layer_{label}" {{\n')
    block, _, _ = rest.partition("\n}\n")

    assert "  for_each = local.layer_push-role_names\n" in block
    only = 'for name in keys(local.layer_images) : name => name if var.roles == "create"'
    assert f"  layer_push-role_names = {{ {only} }}\n" in made["layers.tf"]
    assert "local.layer_push-role_wanted[each.key]" in block


def test_retirement_and_approval_wait_for_repositories(made: dict[str, str]) -> None:
    repository = "aws_ecr_repository.layer_repository"
    for begin, end, waits in (
        ('"terraform_data" "build_retire"', "\n}\n", f"    {repository},\n"),
        ('"aws_s3_object" "layer_approval"', "\n}\n", "    local.layer_ready,\n"),
        ("  layer_ready = concat(\n", "\n  )\n", f"    keys({repository}),\n"),
    ):
        _, _, rest = made["layers.tf"].partition(begin)
        block, _, _ = rest.partition(end)
        assert waits in block, begin


def test_a_private_base_may_be_pulled_and_the_key_of_the_caller_used(made: dict[str, str]) -> None:
    begin = "  layer_push-role_wanted = {\n"
    block, _, _ = made["layers.tf"].partition(begin)[2].partition("\n  }\n")

    assert f'regexall("{PRIVATE.pattern}", local.layers[name].base)' in block
    assert ":ecr:${base[1]}:${base[0]}:repository/${base[2]}" in block
    assert "local.build_options" in block


def test_an_image_has_no_arn_and_a_layer_no_address_of_an_image(made: dict[str, str]) -> None:
    text = made["outputs.tf"]

    assert "local.layer_answer[name].image_uri if local.layers[name].image\n" in text
    assert "local.layer_answer[name].layer_arn if !local.layers[name].image\n" in text
    assert 'if key != (local.layers[name].image ? "layer_arn" : "image_uri")' in text
