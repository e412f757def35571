"""The command in environments and folders that would break it: each kills a plain `python -m`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from builder import __version__
from fast_lambda_layer.launcher import INHERITED
from tests.patience import PATIENCE

PROJECT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
COMMAND = [str(BIN / "lambda-layer")]
STARTED_BARE = [str(BIN / "lambda-layer-python")]
AS_MODULE = [sys.executable, "-m", "fast_lambda_layer"]


@pytest.fixture(name="hostile")
def hostile_fixture(tmp_path: Path) -> Path:
    """Return a folder with packages that have the names of ours, and of what ours import."""
    folder = tmp_path / "hostile"
    for name in ("builder", "modules", "stacks", "click", "boto3", "rich", "packaging"):
        package = folder / name
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(f"raise SystemExit('this is not {name}')\n")
    (folder / "typing_extensions.py").write_text("raise SystemExit('an old one')\n")
    (folder / "startup.py").write_text("raise SystemExit('the startup ran')\n")
    return folder


def run(
    command: Sequence[str], cwd: Path, text: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder and with variables of its own."""
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        input=text,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def says_its_version(done: subprocess.CompletedProcess[str]) -> None:
    assert (done.stdout, done.stderr) == (f"lambda-layer, version {__version__}\n", "")
    assert done.returncode == 0


VARIABLES: dict[str, Callable[[Path], str]] = {
    "PYTHONPATH": str,
    "PYTHONSTARTUP": lambda folder: str(folder / "startup.py"),
    "PYTHONINSPECT": lambda _: "1",
}


@pytest.mark.parametrize("command", [COMMAND, STARTED_BARE, AS_MODULE], ids=lambda c: c[-1])
@pytest.mark.parametrize("variable", VARIABLES)
def test_a_variable_for_other_programs_changes_nothing(
    tmp_path: Path, hostile: Path, command: list[str], variable: str
) -> None:
    setting = {variable: VARIABLES[variable](hostile)}
    says_its_version(run([*command, "--version"], tmp_path, **setting))


@pytest.mark.parametrize(
    "variable", ["PYTHONHOME", "PYTHONPLATLIBDIR", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__"]
)
def test_a_variable_that_stops_python_itself_changes_nothing(tmp_path: Path, variable: str) -> None:
    says_its_version(run([*COMMAND, "--version"], tmp_path, **{variable: "/nonexistent"}))


def test_the_script_and_the_launcher_clear_the_same_variables() -> None:
    text = (PROJECT / "fast_lambda_layer/lambda-layer.sh").read_text(encoding="utf-8")
    cleared = re.findall(r"^unset ([^#\n]+)", text, re.MULTILINE)
    assert tuple(" ".join(cleared).split()) == INHERITED


@pytest.mark.parametrize("command", [COMMAND, STARTED_BARE, AS_MODULE], ids=lambda c: c[-1])
def test_the_working_directory_changes_nothing(hostile: Path, command: list[str]) -> None:
    says_its_version(run([*command, "--version"], hostile))


def test_plain_python_would_have_imported_it(hostile: Path) -> None:
    done = run([sys.executable, "-c", "import builder"], hostile)
    assert done.stderr == "this is not builder\n"


@pytest.mark.slow
def test_a_hook_answers_terraform_with_all_of_them_set(hostile: Path) -> None:
    done = run(
        [*COMMAND, "hook", "plan"],
        hostile,
        "[1]",
        PYTHONHOME="/nonexistent",
        PYTHONPATH=str(hostile),
        PYTHONSTARTUP=str(hostile / "startup.py"),
    )
    assert "Traceback" not in done.stderr
    assert "query" in done.stderr
    assert done.returncode == 1


@pytest.mark.slow
def test_a_hook_reads_what_terraform_writes_in_any_encoding(tmp_path: Path) -> None:
    query = '{"region": "é", "web.spec": "{}"}'
    done = run([*COMMAND, "hook", "plan"], tmp_path, query, PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert "it has no 'account'" in done.stderr


@pytest.mark.slow
def test_words_and_the_exit_status_go_through(tmp_path: Path, hostile: Path) -> None:
    done = run([*STARTED_BARE, "--config", "a b.toml", "plan"], tmp_path, PYTHONPATH=str(hostile))
    assert "a b.toml" in done.stderr
    assert done.returncode == 1
    assert run([*COMMAND, "--nonsense"], tmp_path).returncode == 2


@pytest.mark.slow
def test_programs_that_it_starts_do_not_inherit_them_either(tmp_path: Path, hostile: Path) -> None:
    seen = tmp_path / "seen"
    terraform = tmp_path / "bin" / "terraform"
    terraform.parent.mkdir()
    terraform.write_text(f"#!/bin/sh\nenv > '{seen}'\n")
    terraform.chmod(0o755)
    path = f"{terraform.parent}{os.pathsep}{os.environ['PATH']}"
    run([*STARTED_BARE, "doctor"], tmp_path, PATH=path, PYTHONPATH=str(hostile))
    assert "PYTHONPATH=" not in seen.read_text()


def test_a_link_to_the_command_is_the_command(tmp_path: Path) -> None:
    link = tmp_path / "layers"
    link.symlink_to(COMMAND[0])
    says_its_version(run([str(link), "--version"], tmp_path))
    relative = tmp_path / "relative"
    relative.symlink_to(os.path.relpath(COMMAND[0], tmp_path))
    says_its_version(run(["./relative", "--version"], tmp_path))
