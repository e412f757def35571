"""Two people apply at once, without a lock on the state."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from embedded.terraform import Result
from tests.patience import PATIENCE, wait_until
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Stack, copy_of


def applied(stack: Stack) -> Result:
    """Apply, and leave the counting of calls to the test: it sees those of both."""
    return stack.terraform.run("apply", "-auto-approve", "-lock=false", check=False)


def test_two_people_who_apply_at_once_make_one_build_and_one_version(
    make: Make, tmp_path: Path
) -> None:
    stack = make()
    builds = quick_builds(stack)
    stack.apply()
    other = copy_of(stack, tmp_path / "other")
    text = "ANSWER = 43\n"
    for one in (stack, other):
        one.edit(text=text)
    began, before = builds.began, len(stack.aws.calls())

    with ThreadPoolExecutor(2) as people:
        with builds.held():
            both = [people.submit(applied, one) for one in (stack, other)]
            wait_until(lambda: builds.began > began, "the start of a build")
        ended = [one.result(PATIENCE) for one in both]

    calls = stack.aws.calls()[before:]
    assert [one.exit_code for one in ended] == [0, 0], "".join(one.stderr for one in ended)
    assert builds.began == began + 1
    assert sum(call.operation == "PublishLayerVersion" for call in calls) == 1
    assert stack.versions() == [1, 2]
    assert stack.output() == other.output()
    assert stack.output()["version"] == 2
    for one in (stack, other):
        # Who planned while the other's build ran has approved the higher number; the other's state
        # catches up, without a build.
        planned = one.plan()
        assert planned.writes == []
        assert set(planned.changes) <= {"aws_s3_object.web_approval"}
        assert planned.output()["version"] == 2
        assert one.apply().builds == 0
        assert one.plan().exit_code == 0
    assert stack.versions() == [1, 2]


def test_who_applies_an_older_plan_after_another_caller_released_gets_the_release(
    make: Make, tmp_path: Path
) -> None:
    stack = make()
    builds = quick_builds(stack)
    stack.apply()
    other = copy_of(stack, tmp_path / "other")
    for one in (stack, other):
        one.edit(text="ANSWER = 44\n")
    assert other.plan().exit_code == 2
    stack.apply()
    began = builds.began

    late = other.run("apply", "plan")
    assert (late.builds, builds.began) == (0, began)
    assert other.output()["layer_arn"] == stack.output()["layer_arn"]
    assert stack.versions() == [1, 2]
    assert other.plan().exit_code == 0
