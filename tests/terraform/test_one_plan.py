"""How often a command starts the builder: once for a plan, and once more for what is due."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.packages import layer

FORMS = ("stack", "module")
NAMES = ("web", "tools", "a", "b-c", "d", "e")


class Counted:
    """A stack whose hooks are counted: ``started`` are those since it was last asked."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack = stack
        self._log = folder / "started"
        command = shutil.which("lambda-layer", path=stack.environment["PATH"])
        program = folder / "counted"
        program.write_text(f'#!/bin/sh\necho "$2" >> "{self._log}"\nexec "{command}" "$@"\n')
        program.chmod(0o755)
        stack.use_program(str(program))

    @property
    def started(self) -> list[str]:
        lines = sorted(self._log.read_text().split()) if self._log.exists() else []
        self._log.unlink(missing_ok=True)
        return lines


@pytest.fixture(scope="module")
def applied(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Counted:
    applied = Counted(make(*map(layer, NAMES)), tmp_path_factory.mktemp("counted"))
    quick_builds(applied.stack)
    applied.stack.apply()
    assert applied.started == ["plan"] + ["release"] * len(NAMES)
    return applied


@pytest.fixture
def counted(applied: Counted) -> Counted:
    """The stack, applied, whatever tests before have changed; nothing is counted yet."""
    applied.stack.apply()
    _ = applied.started
    return applied


def test_a_plan_without_changes_starts_one_process(counted: Counted) -> None:
    assert counted.stack.plan().exit_code == 0
    assert counted.started == ["plan"]


def test_applying_it_starts_one_too(counted: Counted) -> None:
    counted.stack.apply()
    assert counted.started == ["plan"]


def test_one_changed_layer_is_one_release(counted: Counted) -> None:
    version = counted.stack.output("b-c")["version"]
    counted.stack.edit("b-c")
    planned = counted.stack.plan()
    assert counted.started == ["plan"]
    assert planned.deferred == ["data.external.b-c_release"]
    known = counted.stack.output("web")["layer_arn"]
    assert planned.answer("web")["layer_arn"] == known
    assert counted.stack.apply().builds == 1
    assert counted.started == ["plan", "release"]
    assert counted.stack.output("b-c")["version"] == version + 1


def test_a_change_of_the_infrastructure_alone_is_no_release(counted: Counted) -> None:
    counted.stack.apply("-var=log_retention_days=14")
    assert counted.started == ["plan"]
    assert counted.stack.plan("-var=log_retention_days=14").exit_code == 0
    assert counted.started == ["plan"]


def test_a_layer_that_is_invalid_starts_no_release_and_the_others_are_answered(
    counted: Counted,
) -> None:
    stack = counted.stack
    moved = stack.project / "kept"
    (stack.project / "tools").rename(moved)
    try:
        planned = stack.plan("-refresh-only")
        assert counted.started == ["plan"]
        statuses = {name: planned.answer(name)["status"] for name in NAMES}
        assert statuses == {**dict.fromkeys(NAMES, "current"), "tools": "invalid"}
        refused = stack.fails("plan")
        assert refused.stderr.count("Error:") == 1
        assert "Layer tools cannot be built." in refused.said
    finally:
        moved.rename(stack.project / "tools")


def test_destroying_starts_a_plan_and_a_retirement_each(make: Make, tmp_path: Path) -> None:
    counted = Counted(make(layer(), layer("tools")), tmp_path)
    quick_builds(counted.stack)
    counted.stack.apply()
    _ = counted.started

    counted.stack.destroy()

    # The provisioner's program is called with the command alone.
    assert [line for line in counted.started if line != "plan"] == []
    assert counted.stack.versions() == counted.stack.versions("tools") == []
