"""Async mode: apply starts the build and returns; the publisher function does the rest."""

from __future__ import annotations

import time

from tests.terraform.builds import Builds, ours, quick_builds, wait_until
from tests.terraform.conftest import Make, Stack
from tests.terraform.packages import layer

ASYNC = {"sync_mode": False}


def released(stack: Stack, number: int, name: str = "web") -> bool:
    """Whether the record says that a number is released."""
    current = stack.record(name)["current"]
    return bool(current and current["number"] == number)


def made(make: Make) -> tuple[Stack, Builds]:
    """Return a stack in async mode whose first version is there."""
    stack = make(app=ASYNC)
    builds = quick_builds(stack)
    stack.apply("-var=sync_mode=true")
    return stack, builds


def test_apply_returns_while_the_build_runs_and_the_publisher_finishes(make: Make) -> None:
    stack, builds = made(make)
    first = stack.output()["layer_arn"]
    assert stack.plan().exit_code == 0
    stack.edit()

    with builds.held():
        began = time.monotonic()
        applied = stack.apply()
        took = time.monotonic() - began
        assert applied.builds == 1
        assert stack.output()["status"] == "building"
        assert stack.output()["layer_arn"] == first
        assert builds.states() == ["SUCCEEDED", "IN_PROGRESS"]

        for _ in range(2):
            planned = stack.plan()
            assert (planned.exit_code, ours(planned)) == (0, []), planned.said
            assert planned.answer()["status"] == "building"
            assert planned.answer()["layer_arn"] == first
        assert stack.versions() == [1]

    wait_until(lambda: released(stack, 2), "the publisher's release")
    assert stack.versions() == [1, 2]
    planned = stack.plan()
    assert (planned.exit_code, planned.changes, ours(planned)) == (2, {}, [])
    assert planned.output()["layer_arn"] == f"{first.rpartition(':')[0]}:2"
    assert planned.output()["status"] == "current"
    stack.apply()
    assert stack.output()["version"] == 2
    assert stack.plan().exit_code == 0
    print(f"apply took {took:.1f} s")  # noqa: T201
