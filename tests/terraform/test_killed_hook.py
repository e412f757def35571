"""The release hook is killed at a write, or its build goes on alone: the next apply continues.

`test_interrupts.py` has the same for terraform and for the agent, at moments that are watched for.
What is killed here is the same program in a stack and in a module, so a stack is enough; what
terraform does after an apply that failed is seen in both by `test_failed_build.py`.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from embedded.terraform import Running
from tests.patience import PATIENCE, wait_until
from tests.terraform.builds import Builds, hooks_of, ours, quick_builds
from tests.terraform.conftest import Make, Stack

DOOMED = Path(__file__).with_name("doomed.py")


@pytest.fixture(scope="module")
def applied(make: Make) -> Builds:
    """A stack with one layer, applied; its hooks can be doomed."""
    stack = make()
    builds = quick_builds(stack)
    stack.use_program(sys.executable, "-P", str(DOOMED), str(fate_of(stack)))
    stack.apply()
    return builds


def fate_of(stack: Stack) -> Path:
    return stack.project.parent / "fate"


@contextmanager
def applying(builds: Builds, *arguments: str) -> Iterator[Running]:
    """Start an apply whose build is running, and is held, when the block begins."""
    began = builds.began
    with (
        builds.held(),
        builds.stack.terraform.start("apply", "-auto-approve", *arguments) as running,
    ):
        wait_until(lambda: builds.began > began or running.child.poll() is not None, "a build")
        assert running.child.poll() is None, running.output()
        wait_until(lambda: builds.stack.record()["attempt"]["build_id"], "the build's id")
        yield running


def forget_lease(stack: Stack) -> None:
    """Take away the lease of the publisher that was killed."""
    record = stack.record()
    if record["lease"]:
        record["lease"] = None
        stack.aws.client("s3").put_object(
            Bucket=stack.bucket, Key="web/record.json", Body=json.dumps(record).encode()
        )


def is_published_once_more(stack: Stack, versions: list[int]) -> None:
    """Apply, and find one more version and nothing left to do."""
    stack.apply()
    assert stack.versions() == [*versions, versions[-1] + 1 if versions else 1]
    assert stack.output()["version"] == stack.versions()[-1]
    assert stack.record()["attempt"] is None
    assert stack.plan().exit_code == 0


@pytest.mark.parametrize(
    ("operation", "moment", "skipped", "builds_later"),
    [
        ("PutObject", "after", 0, 1),  # the number is consumed, nothing else has happened
        ("StartBuild", "before", 0, 1),
        ("StartBuild", "after", 0, 0),  # a build runs that nobody has heard of
        ("BatchGetBuilds", "after", 1, 0),
        ("PublishLayerVersion", "before", 0, 0),
        ("PublishLayerVersion", "after", 0, 0),  # a version that nobody has heard of
    ],
)
def test_a_hook_that_was_killed_is_continued(
    applied: Builds, operation: str, moment: str, skipped: int, builds_later: int
) -> None:
    stack = applied.stack
    versions, started = stack.versions(), len(applied.states())
    before = stack.output()["layer_arn"]
    stack.edit()
    fate_of(stack).write_text(f"{operation} {moment} {skipped}")

    killed = stack.apply(check=False)
    assert killed.exit_code == 1
    assert not fate_of(stack).exists(), killed.said
    assert "signal: 9" in killed.said or "signal: killed" in killed.said
    assert stack.output()["layer_arn"] == before
    planned = stack.plan()
    assert (planned.exit_code, ours(planned)) == (2, [])
    assert planned.changes == {"aws_s3_object.web_approval": ["update"]}

    # The lease of a dead publisher is taken over after a minute, which need not pass here.
    if operation == "PublishLayerVersion":
        forget_lease(stack)
    is_published_once_more(stack, versions)
    assert len(applied.states()) == started + 1
    assert killed.builds + builds_later == 1


def insist(running: Running) -> None:
    """Interrupt twice: terraform ends at once."""
    running.signal(signal.SIGINT)
    running.signal(signal.SIGINT)


def test_a_build_that_runs_on_after_two_interrupts_is_joined(applied: Builds) -> None:
    stack = applied.stack
    versions, started = stack.versions(), len(applied.states())
    stack.edit()
    with applying(applied) as running:
        insist(running)
        assert running.wait(PATIENCE).exit_code != 0
        wait_until(lambda: not hooks_of(stack), "the end of the hook")
        assert applied.states()[-1] == "IN_PROGRESS"
        planned = stack.plan()
        assert (planned.exit_code, ours(planned)) == (2, [])
        assert planned.answer()["status"] == "building"
    is_published_once_more(stack, versions)
    assert len(applied.states()) == started + 1


def test_a_build_that_failed_unseen_is_started_again(applied: Builds) -> None:
    stack = applied.stack
    versions, started = stack.versions(), len(applied.states())
    stack.edit()
    with applied.failing():
        with applying(applied) as running:
            running.signal(signal.SIGKILL)
            running.wait(PATIENCE)
        applied.wait_for_end()
    assert stack.plan().answer()["status"] == "failed"
    is_published_once_more(stack, versions)
    assert len(applied.states()) == started + 2


def test_the_source_may_change_while_a_forgotten_build_runs(applied: Builds) -> None:
    stack = applied.stack
    versions, started = stack.versions(), len(applied.states())
    stack.edit()
    with applying(applied) as running:
        running.signal(signal.SIGKILL)
        running.wait(PATIENCE)
        stack.edit()
        assert stack.plan().answer()["status"] == "stale"
    is_published_once_more(stack, versions)
    assert len(applied.states()) == started + 2
