"""A layer that cannot be built is refused by plan, in words; it never stands in destroy's way."""

import json
import shutil
from collections.abc import Callable, Iterator

import pytest

from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.module_root import ModuleRoot
from tests.terraform.packages import layer

FORMS = ("stack", "module")


@pytest.fixture(scope="module")
def applied(make: Make) -> Stack:
    stack = make(layer(), layer("tools"))
    quick_builds(stack)
    stack.apply()
    return stack


@pytest.fixture
def stack(applied: Stack) -> Iterator[Stack]:
    """The stack; what the test breaks is corrected afterwards."""
    with applied.restored(applied.project / "web"):
        yield applied


def without_source(stack: Stack) -> str:
    shutil.rmtree(stack.project / "web")
    return "there is no 'web'"


def with_a_link_out_of_the_project(stack: Stack) -> str:
    (stack.project / "web/web/passwords.py").symlink_to("/etc/passwd")
    return "web/web/passwords.py leads out of the project"


def with_a_spec_of_the_future(stack: Stack) -> str:
    stack.respec(schema=2)
    return "the layer spec has schema 2"


def with_an_impossible_spec(stack: Stack) -> str:
    stack.respec(python=["2.7"])
    return "Lambda has no runtime python2.7"


def with_a_missing_requirements_file(stack: Stack) -> str:
    stack.respec(requirements=["web/gone.txt"])
    return "there is no 'web/gone.txt'"


REFUSED_AS_VARIABLES = (with_a_spec_of_the_future, with_an_impossible_spec)
"""What the module's variables refuse before there is a layer (`test_module_calls.py`)."""


def not_of_a_module(stack: Stack, broken: Callable[[Stack], str]) -> None:
    """Skip what cannot be said to the module."""
    if isinstance(stack, ModuleRoot) and broken in REFUSED_AS_VARIABLES:
        pytest.skip("the module's variables refuse it")


BREAKS = (
    without_source,
    with_a_link_out_of_the_project,
    with_a_spec_of_the_future,
    with_an_impossible_spec,
    with_a_missing_requirements_file,
)


@pytest.mark.parametrize("broken", BREAKS)
def test_a_plan_refuses_an_invalid_layer_in_words(
    stack: Stack, broken: Callable[[Stack], str]
) -> None:
    not_of_a_module(stack, broken)
    what = broken(stack)
    refused = stack.fails("plan", "-out=plan")
    assert refused.stderr.count("Error:") == 1
    assert "Layer web cannot be built." in refused.said
    assert what in refused.said
    assert "fix:" in refused.said
    assert "Traceback" not in refused.said
    assert refused.writes == []
    # Who only wants to get rid of it can.
    assert stack.plan("-destroy").exit_code == 2


def test_the_others_can_be_applied_meanwhile(stack: Stack) -> None:
    if isinstance(stack, ModuleRoot):
        pytest.skip("to the module all approvals are one resource (terraform/README.md)")
    without_source(stack)
    stack.edit("tools")
    applied = stack.apply("-target=data.external.tools_release")
    assert applied.builds == 1
    assert "aws_s3_object.web_approval" not in applied.stdout


def test_an_invalid_layer_keeps_its_arn_when_only_refreshed(stack: Stack) -> None:
    arn = stack.output()["layer_arn"]
    without_source(stack)
    planned = stack.plan("-refresh-only")
    assert planned.writes == []
    assert planned.output().get("layer_arn", arn) == arn


def test_a_corrected_layer_has_nothing_to_do(stack: Stack) -> None:
    stack.apply()
    assert stack.plan().exit_code == 0


def test_an_invalid_layer_in_an_empty_account_is_refused_before_anything_is_made(
    make: Make,
) -> None:
    stack = make()
    without_source(stack)
    refused = stack.fails("apply", "-auto-approve")
    assert "there is no 'web'" in refused.said
    assert refused.writes == []
    assert stack.destroy().exit_code == 0


@pytest.mark.parametrize("broken", [without_source, with_a_spec_of_the_future])
def test_an_invalid_layer_can_be_destroyed(make: Make, broken: Callable[[Stack], str]) -> None:
    stack = make()
    not_of_a_module(stack, broken)
    quick_builds(stack)
    stack.apply()
    broken(stack)
    destroyed = stack.destroy()
    assert destroyed.exit_code == 0
    assert destroyed.builds == 0
    assert stack.versions() == []
    assert json.loads(stack.run("state", "pull").stdout)["resources"] == []
