"""The benchmark's command line, and what it prints of a plan."""

from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from bench.__main__ import main, show_plans
from bench.plans import Plans, Taken


@pytest.mark.parametrize("by_option", [True, False])
def test_a_package_py_that_is_not_there_is_one_error(tmp_path: Path, by_option: bool) -> None:
    missing = str(tmp_path / "package.py")
    given = ["--package-py", missing] if by_option else []

    done = CliRunner().invoke(main, ["plan", *given], env={"PACKAGE_PY": missing})

    assert done.exit_code == 2
    errors = [line for line in done.output.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert f"no file {missing}; expected package.py of the module" in errors[0]
    assert ".terraform/modules/NAME/package.py" in errors[0]


def test_a_row_says_whether_our_script_or_package_py_ran() -> None:
    one, two = Taken(1.0, 1.0), Taken(2.0, 3.0)
    hooks = {1: one, 50: one, 500: one}
    each = {("our stand-in script", 50): one, ("package.py prepare", 50): two}
    printed = StringIO()

    show_plans(Plans(one, one, one, hooks, each), Console(width=110, file=printed))

    rows = printed.getvalue().splitlines()
    assert any("our stand-in script, 50" in row and "1.00 s" in row for row in rows)
    (theirs,) = [row for row in rows if "package.py prepare, 50" in row]
    assert all(figure in theirs for figure in ("2.00 s", "3.00 s", "our hook of 50"))
