"""Apply is interrupted: the next plan and apply find what was reached, and go on from there."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from builder.local.terraform import Running
from tests.terraform.builds import Builds, end, hooks_of, ours, quick_builds, wait_until
from tests.terraform.conftest import Make, Stack

Stop = Callable[[Running, Stack], None]

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
    """Let the time of whoever publishes run out."""
    record = stack.record()
    if record["lease"]:
        record["lease"]["until"] = 0.0
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

    # A lease that a dead publisher holds runs out after a minute; nobody has to wait for it here.
    if operation == "PublishLayerVersion":
        forget_lease(stack)
    is_published_once_more(stack, versions)
    assert len(applied.states()) == started + 1
    assert killed.builds + builds_later == 1


def interrupt(running: Running, stack: Stack) -> None:
    """Press Ctrl-C: the terminal tells terraform and the hook, the providers ignore it."""
    end(hooks_of(stack), signal.SIGINT)
    running.signal(signal.SIGINT)


def interrupt_terraform(running: Running, stack: Stack) -> None:
    """Ask terraform alone to end, as a CI system does; it ends the hook."""
    running.signal(signal.SIGINT)


def insist(running: Running, stack: Stack) -> None:
    """Interrupt twice: terraform ends at once."""
    running.signal(signal.SIGINT)
    running.signal(signal.SIGINT)


def kill_terraform(running: Running, stack: Stack) -> None:
    os.kill(running.child.pid, signal.SIGKILL)


def kill_hook(running: Running, stack: Stack) -> None:
    end(hooks_of(stack), signal.SIGKILL)


@pytest.mark.parametrize(
    "stop", [interrupt, interrupt_terraform, insist, kill_terraform, kill_hook]
)
def test_a_build_that_runs_on_is_joined(applied: Builds, stop: Stop) -> None:
    stack = applied.stack
    versions, started = stack.versions(), len(applied.states())
    stack.edit()
    with applying(applied) as running:
        stop(running, stack)
        assert running.wait(30).exit_code != 0
        wait_until(lambda: not hooks_of(stack), "the end of the hook")
        assert applied.states()[-1] == "IN_PROGRESS"

        planned = stack.plan()
        assert (planned.exit_code, ours(planned)) == (2, [])
        assert planned.answer()["status"] == "building"
        assert planned.changes == {"aws_s3_object.web_approval": ["update"]}

    is_published_once_more(stack, versions)
    assert len(applied.states()) == started + 1


def test_a_build_that_died_with_its_machine_is_started_again(applied: Builds) -> None:
    stack, aws = applied.stack, applied.stack.aws
    versions, started = stack.versions(), len(applied.states())
    stack.edit()
    with applying(applied) as running:
        os.kill(aws.agent.pid, signal.SIGKILL)
        aws.restart_agent()
        assert running.wait(60).exit_code == 1
    assert applied.states()[-1] == "FAULT"

    planned = stack.plan()
    assert (planned.exit_code, ours(planned)) == (2, [])
    assert planned.answer()["status"] == "failed"
    is_published_once_more(stack, versions)
    assert len(applied.states()) == started + 2


def test_a_build_that_failed_while_nobody_watched_is_started_again(applied: Builds) -> None:
    stack = applied.stack
    versions, started = stack.versions(), len(applied.states())
    stack.edit()
    with applied.failing():
        with applying(applied) as running:
            kill_terraform(running, stack)
            running.wait(30)
        applied.wait_for_end()
    assert stack.plan().answer()["status"] == "failed"
    is_published_once_more(stack, versions)
    assert len(applied.states()) == started + 2


def test_the_source_may_change_while_a_forgotten_build_runs(applied: Builds) -> None:
    stack = applied.stack
    versions, started = stack.versions(), len(applied.states())
    stack.edit()
    with applying(applied) as running:
        kill_terraform(running, stack)
        running.wait(30)
        stack.edit()
        assert stack.plan().answer()["status"] == "stale"
    is_published_once_more(stack, versions)
    assert len(applied.states()) == started + 2


def test_a_first_apply_that_was_killed_leaves_a_state_to_go_on_from(make: Make) -> None:
    stack = make()
    builds = quick_builds(stack)
    with applying(builds) as running:
        kill_terraform(running, stack)
        running.wait(30)
        assert stack.plan().answer()["status"] == "building"
    is_published_once_more(stack, [])
    assert builds.states() == ["SUCCEEDED"]
