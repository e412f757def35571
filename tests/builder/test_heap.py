import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from builder.cli import COMMANDS, HOOK, main
from builder.heap import keep_what_is_loaded
from tests.patience import PATIENCE

LAUNCHED = """
import atexit, gc, sys
from fast_lambda_layer.launcher import main
atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() > 10_000, file=sys.stderr))
main()
"""


@pytest.fixture
def as_launched() -> Iterator[None]:
    """Let this process be as the launcher leaves it, and afterwards as it was."""
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.usefixtures("as_launched")
def test_what_is_loaded_is_kept_and_what_comes_later_looked_through() -> None:
    keep_what_is_loaded()

    assert gc.isenabled()
    assert gc.get_freeze_count() > 0


def test_a_process_of_others_stays_as_it_is() -> None:
    before = gc.get_freeze_count()

    keep_what_is_loaded()

    assert (gc.isenabled(), gc.get_freeze_count()) == (True, before)


@pytest.mark.usefixtures("as_launched")
@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - {HOOK}))
def test_every_command_looks_for_garbage_once_it_is_loaded(command: str) -> None:
    assert CliRunner().invoke(main, [command, "--help"]).exit_code == 0

    assert gc.isenabled()


@pytest.mark.usefixtures("as_launched")
@pytest.mark.parametrize("hook", ["release", "publisher"])
def test_a_hook_that_may_wait_for_long_looks_for_garbage(hook: str) -> None:
    assert CliRunner().invoke(main, ["hook", hook], input="{}").exit_code == 1

    assert gc.isenabled()


@pytest.mark.slow
def test_the_command_as_it_is_started_keeps_what_it_has_loaded() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", LAUNCHED, "schema"],
        capture_output=True, text=True, timeout=PATIENCE, check=True,
    )  # fmt: skip

    assert done.stderr.splitlines()[-1] == "True True"
