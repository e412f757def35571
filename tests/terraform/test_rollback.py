"""A layer that somebody rolled back: pinned in the plan, with nothing due until it is unpinned."""

import subprocess
import sys
from pathlib import Path

from tests.patience import PATIENCE
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.packages import PYTHON, write

APPROVAL = "aws_s3_object.web_approval"


def by_hand(stack: Stack, *arguments: str) -> str:
    """Run the command line in the stack's project; return what it said."""
    write(
        stack.project / "layers.toml",
        f'[app]\nname = "{stack.name}"\nregion = "{stack.aws.identity.region}"\n'
        f'[layers.web]\npackage = "web"\npython = ["{PYTHON}"]\narchitecture = "x86_64"\n',
    )
    done = subprocess.run(
        [Path(sys.executable).with_name("lambda-layer"), *arguments],
        cwd=stack.project, env=stack.environment, capture_output=True, text=True, check=False,
        timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_rolled_back_layer_is_pinned_in_the_plan_and_builds_nothing_until_it_is_unpinned(
    make: Make,
) -> None:
    stack = make()
    quick_builds(stack)
    stack.apply()
    first = stack.output()
    stack.edit()
    stack.apply()
    assert stack.output()["version"] == 2

    by_hand(stack, "rollback", "web", "1", "--yes", "--reason", "v2 is bad")
    planned = stack.plan()
    assert planned.writes == []
    assert planned.changes == {}
    assert planned.deferred == []
    assert planned.output()["layer_arn"] == first["layer_arn"]
    assert planned.output()["status"] == "pinned"
    assert "(v2 is bad); once unpinned: version 2 is current" in planned.output()["reason"]

    # Only outputs change, and only once.
    assert stack.apply().writes == []
    assert stack.plan().exit_code == 0

    # Mended sources wait, whatever is asked for; the reason says that they do.
    path = stack.edit()
    for variables in ({}, {"force_rebuild": "true"}):
        stack.variables = dict(variables)
        planned = stack.plan()
        assert planned.changes == {}
        assert f"once unpinned: stale: {path} changed" in planned.output()["reason"]
        assert ("force_rebuild is ignored" in planned.output()["reason"]) == bool(variables)
        done = stack.apply()
        assert (done.writes, done.builds) == ([], 0)
    stack.variables = {}
    assert stack.output()["layer_arn"] == first["layer_arn"]

    assert f"due is stale: {path} changed" in by_hand(stack, "unpin", "web")
    planned = stack.plan()
    assert planned.exit_code == 2
    assert planned.changes == {APPROVAL: ["update"]}
    assert planned.output()["reason"] == f"{path} changed"
    assert "lambda-layer watch web" in planned.stdout
    assert stack.apply().builds == 1
    assert stack.output()["version"] == 3
    assert stack.plan().exit_code == 0
    assert stack.destroy().exit_code == 0


def test_the_command_to_watch_is_in_the_plan_only_when_a_build_is_due(make: Make) -> None:
    stack = make()
    quick_builds(stack)
    assert "lambda-layer watch web" in stack.plan().stdout
    stack.apply()

    settled = stack.plan()
    assert settled.exit_code == 0
    assert "lambda-layer watch" not in settled.stdout
