"""The central story with Terraform 1.15; the other tests run with the terraform of the PATH."""

from __future__ import annotations

import pytest

from conformance.packages import Unavailable
from conformance.terraform_program import newer_terraform
from tests.terraform.conftest import Make
from tests.terraform.packages import layer
from tests.terraform.story import short_story, whole_story

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]  # thirty commands of terraform


@pytest.fixture(scope="module")
def newer() -> str:
    try:
        return str(newer_terraform())
    except Unavailable as error:
        pytest.skip(str(error))


BUILDING = ("failing build", "the next build", "approval made again", "destroy")
"""Commands that are no plans, and whose names do not say so."""


def test_the_rules_hold_with_a_newer_terraform(
    make: Make, machine: dict[str, str], newer: str
) -> None:
    stack = make(layer(), layer("tools"), environment={**machine, "TERRAFORM": newer})
    assert stack.terraform.program.version.startswith("1.15.")
    steps = {step.name: step for step in whole_story(stack)}
    for name, step in steps.items():
        if "apply" not in name and name not in BUILDING:
            assert not step.writes, name
        if name.startswith("no change"):
            assert step.exit_code == 0, name
    assert steps["edit"].changes == {"aws_s3_object.web_approval": ["update"]}
    assert steps["edit"].deferred == ["data.external.web_release"]
    assert (steps["failing build"].exit_code, steps["after the failure"].exit_code) == (1, 2)
    for name in ("failing build", "the next build", "apply the target"):
        assert steps[name].writes["codebuild:StartBuild"] == 1, name
    assert steps["apply by force"].writes["codebuild:StartBuild"] == 2
    assert steps["apply tags on"].writes["codebuild:StartBuild"] == 0
    assert steps["plan to destroy"].exit_code == 2


@pytest.mark.parametrize("form", ["module"], indirect=True)
def test_the_module_works_with_a_newer_terraform(
    make: Make, machine: dict[str, str], newer: str
) -> None:
    root = make(layer(), layer("tools"), environment={**machine, "TERRAFORM": newer})
    steps = {step.name: step for step in short_story(root)}
    assert steps["first plan"].deferred == [
        "data.external.tools_release",
        "data.external.web_release",
    ]
    assert steps["edit"].changes == {"aws_s3_object.web_approval": ["update"]}
    assert steps["edit"].deferred == ["data.external.web_release"]
    for name, builds in (("apply", 2), ("apply the edit", 1), ("destroy", 0)):
        assert (steps[name].exit_code, steps[name].writes["codebuild:StartBuild"]) == (0, builds)
    for name in ("first plan", "no change", "edit", "no change after the edit"):
        assert not steps[name].writes, name
        assert steps[name].exit_code == (0 if name.startswith("no change") else 2), name
