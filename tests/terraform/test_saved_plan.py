"""A plan that was saved means what it said when it is applied."""

from pathlib import Path

import pytest

from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Stack

FORMS = ("stack", "module")
APPROVAL = "aws_s3_object.web_approval"


@pytest.fixture(scope="module")
def stack(make: Make) -> Stack:
    stack = make()
    quick_builds(stack)
    stack.apply()
    return stack


def test_the_first_plan_can_be_saved_and_applied(make: Make) -> None:
    stack = make()
    quick_builds(stack)
    assert stack.plan(file="first").builds == 0
    applied = stack.run("apply", "first")
    assert applied.builds == 1
    assert stack.output()["status"] == "current"
    assert stack.plan().exit_code == 0


def test_a_saved_plan_builds_once(stack: Stack) -> None:
    stack.edit()
    version = stack.output()["version"]
    planned = stack.plan(file="saved")
    assert (planned.exit_code, planned.builds) == (2, 0)
    applied = stack.run("apply", "saved")
    assert applied.builds == 1
    output = stack.output()
    assert output["version"] == version + 1
    assert output["fingerprint"] == planned.answer()["fingerprint"]
    assert output["reason"] == "web/web/__init__.py changed"
    assert stack.plan().exit_code == 0


def test_a_saved_plan_without_changes_stays_without(stack: Stack) -> None:
    stack.plan(file="saved")
    assert stack.run("apply", "saved").writes == []
    assert stack.plan().exit_code == 0


def test_a_saved_plan_is_refused_when_the_source_changed_again(stack: Stack) -> None:
    before = stack.output()
    stack.edit()
    planned = stack.plan(file="saved")
    stack.edit()
    now = stack.plan().answer()["fingerprint"]

    refused = stack.fails("apply", "saved")
    assert refused.builds == 0
    assert not [write for write in refused.writes if "record" in write or "lambda" in write]
    assert refused.stderr.count("Error:") == 1
    assert "changed after the plan was made" in refused.said
    assert planned.answer()["fingerprint"][:12] in refused.said
    assert now[:12] in refused.said
    assert "run plan again" in refused.said
    assert "Traceback" not in refused.said
    assert stack.versions()[-1] == before["version"]
    assert stack.output() == before

    again = stack.plan()
    assert again.exit_code == 2
    assert again.changes == {APPROVAL: ["update"]}
    assert stack.apply().builds == 1
    assert stack.output()["version"] == before["version"] + 1
    assert stack.plan().exit_code == 0


def test_a_source_that_changed_back_makes_the_saved_plan_outdated(stack: Stack) -> None:
    module = stack.project / "web/web/__init__.py"
    released, before = module.read_text(), stack.output()
    stack.edit()
    stack.plan(file="saved")
    module.write_text(released)
    refused = stack.fails("apply", "saved")
    assert refused.builds == 0
    assert "changed after the plan was made" in refused.said
    # What is published is what is there: nothing is due.
    stack.apply()
    assert stack.output()["layer_arn"] == before["layer_arn"]
    assert stack.plan().exit_code == 0


def test_an_edit_after_a_plan_without_changes_is_not_built_by_it(stack: Stack) -> None:
    module = stack.project / "web/web/__init__.py"
    before = module.read_text()
    stack.plan(file="saved")
    stack.edit()
    assert stack.run("apply", "saved").writes == []
    assert stack.plan().exit_code == 2
    module.write_text(before)
    assert stack.plan().exit_code == 0


def test_force_rebuild_makes_one_new_version_once(stack: Stack) -> None:
    before = stack.output()
    planned = stack.plan("-var=force_rebuild=true", file="forced")
    assert planned.exit_code == 2
    assert planned.writes == []
    assert planned.changes == {APPROVAL: ["update"]}
    assert planned.output()["reason"] == "force_rebuild is true"

    applied = stack.run("apply", "forced")
    assert applied.builds == 1
    after = stack.output()
    assert after["version"] == before["version"] + 1
    assert after["fingerprint"] == before["fingerprint"]
    following = stack.plan()
    assert following.exit_code == 0, following.said
    assert stack.versions()[-1] == after["version"]


def test_force_rebuild_of_what_changed_builds_once(stack: Stack) -> None:
    before = stack.output()
    stack.edit()
    applied = stack.apply("-var=force_rebuild=true")
    assert applied.builds == 1
    assert stack.output()["version"] == before["version"] + 1
    assert "web/web/__init__.py changed" in stack.output()["reason"]
    assert stack.plan().exit_code == 0


def test_a_saved_plan_is_refused_where_the_sources_are_missing(
    stack: Stack, tmp_path: Path
) -> None:
    """A job that applies without a checkout: the approval is written, and nothing is built."""
    stack.edit()
    stack.plan(file="saved")
    (stack.project / "web").rename(tmp_path / "web")
    try:
        refused = stack.fails("apply", "saved")
    finally:
        (tmp_path / "web").rename(stack.project / "web")
    assert refused.builds == 0
    assert "Traceback" not in refused.said
    assert "web" in refused.said
    assert stack.apply().builds == 1
    assert stack.plan().exit_code == 0
