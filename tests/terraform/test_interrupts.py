"""An apply is cut off at a bad moment: the next plan and apply go on from there.

That a running build is joined is seen in a stack and in a module; the other moments, at which
terraform and the hooks do the same in both, in a stack.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embedded.aws import EmbeddedAws
from embedded.terraform import Running
from tests.patience import PATIENCE, wait_until
from tests.terraform.builds import Builds, end, hooks_of, quick_builds
from tests.terraform.conftest import Make, Outcome, Stack

FORMS = ("stack", "module")

Cut = Callable[[Stack, Running], None]


def interrupt(_stack: Stack, running: Running) -> None:
    """Press Ctrl-C once."""
    running.signal(signal.SIGINT)


def kill_terraform(_stack: Stack, running: Running) -> None:
    """End terraform without a word."""
    running.signal(signal.SIGKILL)


def kill_hook(stack: Stack, _running: Running) -> None:
    """End the release hook without a word."""
    end(hooks_of(stack), signal.SIGKILL)


def writes(outcome: Outcome) -> list[str]:
    """Return what an outcome wrote; a build that runs meanwhile writes too, by its role."""
    calls = [c for c in outcome.calls if c.is_write and ":assumed-role/" not in c.principal]
    return [f"{c.service}:{c.operation} {c.target}" for c in calls]


def operations(stack: Stack, since: int) -> list[str]:
    """Return what was asked of AWS after a bookmark."""
    return [call.operation for call in stack.aws.calls()[since:]]


def cut_off(stack: Stack, cut: Cut, moment: Callable[[], object]) -> int:
    """Apply until a moment, cut it off there, and return terraform's exit code."""
    with stack.terraform.start("apply", "-auto-approve", "-no-color") as running:
        wait_until(lambda: moment() or running.child.poll() is not None, "the moment to be cut off")
        cut(stack, running)
        code = running.wait(PATIENCE).exit_code
    wait_until(lambda: not hooks_of(stack), "the end of the hooks")
    return code


def unlock(stack: Stack) -> None:
    """Take away what a killed terraform may leave of its lock, as its message advises."""
    for lock in stack.project.rglob(".terraform*.lock.info"):
        lock.unlink()


def recovers(stack: Stack, builds: Builds, *, began: int) -> None:
    """Assert that the next plan writes nothing, and the next apply makes the one version."""
    planned = stack.plan()
    assert writes(planned) == []
    stack.apply()
    is_done(stack, builds, began=began)


def is_done(stack: Stack, builds: Builds, *, began: int) -> None:
    """Assert that there is one version, nothing left to do, and nothing left running."""
    assert builds.began == began
    assert stack.versions() == [1]
    assert stack.output()["version"] == 1
    planned = stack.plan()
    assert (planned.exit_code, writes(planned)) == (0, [])
    assert hooks_of(stack) == []
    assert "IN_PROGRESS" not in builds.states()


@pytest.mark.parametrize(
    ("cut", "reattach"),
    # Unless terraform itself starts the providers they do not share its fate.
    [(interrupt, True), (kill_terraform, False), (kill_hook, True)],
)
def test_a_running_build_is_joined_and_not_doubled(make: Make, cut: Cut, reattach: bool) -> None:
    stack = make(reattach=reattach)
    builds = quick_builds(stack)
    with builds.held():
        code = cut_off(stack, cut, lambda: builds.began == 1 and "build_id" in attempt(stack))
        assert code != 0
        unlock(stack)
        planned = stack.plan()
        assert writes(planned) == []
        assert planned.answer()["status"] == "building"
        build = attempt(stack)["build_id"]
        with stack.terraform.start("apply", "-auto-approve") as running:
            wait_until(lambda: attempt(stack).get("number") == 2, "the second apply's attempt")
            assert attempt(stack)["build_id"] == build
            (builds.told / "hold-web").rename(builds.told / "go")
            ended = running.wait(PATIENCE)
            (builds.told / "go").rename(builds.told / "hold-web")
    assert ended.exit_code == 0, ended.stderr
    is_done(stack, builds, began=1)


def attempt(stack: Stack) -> dict[str, Any]:
    """Return what is known of the running attempt."""
    if not stack.keys("web/record.json"):
        return {}
    return {key: value for key, value in (stack.record()["attempt"] or {}).items() if value}


@pytest.mark.parametrize("form", ["stack"], indirect=True, scope="module")
@pytest.mark.parametrize(
    ("cut", "operation"),
    [
        (interrupt, "StartBuild"),
        (kill_hook, "StartBuild"),
        (kill_terraform, "PublishLayerVersion"),
        (kill_hook, "PublishLayerVersion"),
    ],
)
def test_an_apply_that_is_cut_off_at_a_write_is_finished_by_the_next(
    make: Make, cut: Cut, operation: str
) -> None:
    stack = make()
    builds = quick_builds(stack)
    before = len(stack.aws.calls())
    cut_off(stack, cut, lambda: operation in operations(stack, before))
    unlock(stack)
    builds.wait_for_end()
    recovers(stack, builds, began=1)


@pytest.mark.parametrize("form", ["stack"], indirect=True, scope="module")
@pytest.mark.parametrize("cut", [interrupt, kill_terraform])
def test_an_apply_that_is_cut_off_as_it_approves_builds_with_the_next(make: Make, cut: Cut) -> None:
    stack = make()
    builds = quick_builds(stack)
    cut_off(stack, cut, lambda: approved(stack))
    unlock(stack)
    builds.wait_for_end()
    recovers(stack, builds, began=1)


def approved(stack: Stack) -> bool:
    """Return whether apply has written the approval."""
    return any(
        call.operation == "PutObject" and call.target.endswith("/web/approved")
        for call in stack.aws.calls()
        if stack.name in call.target
    )


@pytest.fixture
def own(tmp_path: Path) -> Iterator[EmbeddedAws]:
    """An embedded AWS that no other test uses, so that parts of it can be killed."""
    with EmbeddedAws(tmp_path / "own aws") as aws:
        yield aws


@pytest.mark.parametrize("form", ["stack"], indirect=True, scope="module")
def test_a_build_that_died_with_its_agent_is_built_again(
    make: Make, own: EmbeddedAws, machine: dict[str, str]
) -> None:
    stack = replace(make(reattach=False, environment={**machine, **own.environment()}), aws=own)
    builds = quick_builds(stack)
    with builds.held():
        with stack.terraform.start("apply", "-auto-approve", "-no-color") as running:
            wait_until(lambda: builds.began == 1, "the start of the build")
            os.kill(own.agent.pid, signal.SIGKILL)
            own.agent.wait(PATIENCE)
            own.restart_agent()
            ended = running.wait(PATIENCE)
        assert ended.exit_code == 1
        assert "the build of layer 'web' failed" in " ".join(ended.stderr.split())
        planned = stack.plan()
        assert (planned.exit_code, writes(planned)) == (2, [])
        assert planned.answer()["status"] == "failed"
    recovers(stack, builds, began=2)
