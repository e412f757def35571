"""Functions that live elsewhere and that a layer names: moved by apply, or due at the next plan."""

from __future__ import annotations

from typing import Any

from tests.builder.aws.test_layers import archive
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.packages import PYTHON

RUNTIME: Any = f"python{PYTHON}"


def create(stack: Stack, name: str, *layers: str) -> None:
    """Create a function, as another deployment does."""
    iam = stack.aws.client("iam")
    trust = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
        '"Principal": {"Service": "lambda.amazonaws.com"}}]}'
    )
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    stack.aws.client("lambda").create_function(
        FunctionName=name, Runtime=RUNTIME, Architectures=["x86_64"], Role=role,
        Handler="x.y", Code={"ZipFile": archive()}, Layers=list(layers),
    )  # fmt: skip


def layers(stack: Stack, name: str) -> list[str]:
    found = stack.aws.client("lambda").get_function_configuration(FunctionName=name)
    return [layer["Arn"] for layer in found.get("Layers", [])]


def test_a_function_that_was_not_moved_is_due_at_the_next_plan_and_costs_no_build(
    make: Make,
) -> None:
    stack = make()
    quick_builds(stack)
    api = f"{stack.name}-api"
    stack.respec(functions=[api])

    failed = stack.apply(check=False)
    assert (failed.exit_code, failed.builds) == (1, 1)
    assert "1 of 1 function was not moved" in failed.said
    assert f"there is no function '{api}'" in failed.said
    assert stack.versions() == [1]

    for _ in range(2):
        planned = stack.plan()
        assert (planned.exit_code, planned.writes) == (2, [])
        assert planned.changes == {"aws_s3_object.web_approval": ["update"]}
        answer = planned.answer()
        assert answer["status"] == "unmoved"
        assert answer["layer_arn"].endswith("-web:1")
        assert answer["reason"].startswith(
            f"published as version 1; 1 function was not moved: {api}"
        )

    create(stack, api)
    corrected = stack.apply()
    assert corrected.builds == 0
    assert stack.versions() == [1]
    assert layers(stack, api) == [stack.output()["layer_arn"]]
    assert stack.plan().exit_code == 0


def test_a_function_that_no_one_named_is_named_in_the_output(make: Make) -> None:
    stack = make()
    quick_builds(stack)
    stack.apply()
    arn = stack.output()["layer_arn"]
    api, stray = f"{stack.name}-api", f"{stack.name}-stray"
    create(stack, api, arn)
    create(stack, stray, arn)
    stack.respec(functions=[api])
    stack.edit()

    assert stack.apply().builds == 1

    assert stack.output()["functions"] == (
        f"on another version when 2 was published, and not named in functions: {stray} (version 1)"
    )
    assert layers(stack, api) == [stack.output()["layer_arn"]]
    assert layers(stack, stray) == [arn]
    assert stack.plan().exit_code == 0


def test_functions_that_are_named_later_change_nothing_of_what_was_published_and_why(
    make: Make,
) -> None:
    stack = make()
    quick_builds(stack)
    stack.apply()
    before, api = stack.output(), f"{stack.name}-api"
    create(stack, api)
    stack.respec(functions=[api])
    assert stack.plan().answer()["status"] == "unmoved"

    assert stack.apply().builds == 0

    assert layers(stack, api) == [before["layer_arn"]]
    assert stack.output() == before
    assert stack.output()["reason"] == "first build"
    planned = stack.plan()
    assert (planned.exit_code, planned.answer()["reason"]) == (0, "first build")
