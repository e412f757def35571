"""The image of a service where plan and release do not go the straight way, and layers move."""

from __future__ import annotations

from typing import Any

import pytest

from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.module_root import ModuleRoot
from tests.terraform.packages import layer
from tests.terraform.test_module_service import LEDGER, change
from tests.terraform.test_service import ledger, left, settings
from tests.terraform.test_service_image import OF_LAYER, by_hand, definitions, image_of
from tests.terraform.test_service_image import base as base

FORMS = ("stack", "module")

ELSEWHERE = "eu-west-2"
SOURCES = "ANSWER = 1\n"


@pytest.fixture
def stack(make: Make, base: str) -> Stack:
    """What was applied: a service that has the layer server, and the layer web besides."""
    specs = layer("server", image=True, base=base), layer("web")
    made = make(*specs, services=(ledger(**OF_LAYER),))
    if isinstance(made, ModuleRoot):
        change(made, ledger={**LEDGER, **OF_LAYER})
    quick_builds(made)
    made.edit("server", SOURCES)
    made.apply()
    return made


def test_sources_that_go_back_have_their_image_again_with_one_apply(stack: Stack) -> None:
    first = image_of(stack)
    stack.edit("server")
    stack.apply()
    second = image_of(stack)
    stack.edit("server", SOURCES)

    assert stack.apply().builds == 0

    assert image_of(stack) == first != second
    assert stack.plan().exit_code == 0
    assert definitions(stack) == [settings(stack)["task_definition"]]


def test_who_pins_between_plan_and_apply_keeps_the_service_on_what_is_there(
    stack: Stack, base: str
) -> None:
    first = image_of(stack)
    stack.edit("server")
    stack.apply()
    second, before = image_of(stack), settings(stack)
    stack.edit("server")
    stack.plan()
    by_hand(stack, base, "rollback", "server", "1", "--yes")

    failed = stack.run("apply", "plan", check=False)

    assert (failed.exit_code, failed.builds) == (1, 0)
    said = " ".join(failed.said.replace("│", " ").split())
    assert "The image of layer server that was planned is not there: planned was" in said
    assert (settings(stack), image_of(stack)) == (before, second)

    stack.apply()
    assert image_of(stack) == first
    assert stack.plan().exit_code == 0
    assert definitions(stack) == [settings(stack)["task_definition"]]


def test_a_look_at_what_is_due_warns_of_nothing(stack: Stack) -> None:
    stack.edit("server")
    said = stack.run("plan", "-refresh-only").said
    assert "precondition" not in said
    assert stack.apply("-refresh-only").builds == 0
    assert image_of(stack) == stack.output("server")["image_uri"]


def test_what_moves_to_another_region_leaves_no_version_and_no_image_behind(stack: Stack) -> None:
    assert stack.versions() == [1]
    assert image_of(stack)
    stack.variables["aws_region"] = ELSEWHERE

    assert stack.apply().builds == 3

    assert stack.versions() == []
    assert [each for each in left(stack) if ELSEWHERE not in each] == []
    ecr: Any = stack.aws.client("ecr")
    with pytest.raises(ecr.exceptions.RepositoryNotFoundException):
        ecr.describe_images(repositoryName=f"{stack.name}/server")
