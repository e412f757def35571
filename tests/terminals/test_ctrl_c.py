"""Ctrl-C at commands that last: one line, exit code 130, nothing left running, and once more."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.builder.commands.conftest import PROGRAM, Project, ran
from tests.builder.commands.conftest import project as project
from tests.patience import PATIENCE, wait_until
from tests.region import by_aws_region_alone
from tests.terminals.pseudo import Terminal, in_terminal


@contextmanager
def started(project: Project, *words: str, **more: str) -> Iterator[Terminal]:
    """Start a command of a project in a terminal."""
    env = {**by_aws_region_alone(project.aws.process_environment()), **more}
    with in_terminal(project.command(*words), env=env, cwd=project.root) as terminal:
        yield terminal


def ends_in_a_line(terminal: Terminal, said: str) -> None:
    """Press Ctrl-C; assert that one line is the end of it and that nothing goes on."""
    before = len(terminal.text)
    terminal.press_ctrl_c()
    code = terminal.wait(PATIENCE)
    left = terminal.group()
    wait_until(lambda: said in terminal.text[before:], lambda: f"{said!r} in {terminal.text!r}")
    assert (code, left) == (130, [])
    assert "Traceback" not in terminal.text
    assert "Exception" not in terminal.text


def begun(project: Project) -> list[str]:
    """Return the builds of the project."""
    codebuild = project.aws.client("codebuild")
    return list(codebuild.list_builds_for_project(projectName=f"{project.app}-layers")["ids"])


@pytest.mark.parametrize(
    "words",
    [("build", "web"), ("watch", "web"), ("wait", "web"), ("logs", "web", "--follow")],
    ids=lambda w: w[0],
)
def test_a_build_goes_on_and_the_same_command_ends_with_it(
    project: Project, words: tuple[str, ...]
) -> None:
    go = project.root / "go"
    project.behave("wait", str(go))
    with started(project, "build", "web") as first:
        first.wait_for(lambda: ": build" in first.text, "the build")
        if words[0] == "build":
            ends_in_a_line(first, "a running build goes on")
        else:
            with started(project, *words) as other:
                other.wait_for(lambda: "build" in other.text, "a look at the build")
                ends_in_a_line(other, "a running build goes on")
        with started(project, *words) as again:
            again.wait_for(lambda: again.text, "what it says first")
            go.touch()
            assert again.wait(PATIENCE) == 0, again.text
        if words[0] != "build":
            # The log ends with the build, and the release goes on.
            assert first.wait(PATIENCE) == 0, first.text
    assert len(begun(project)) == 1
    shown = ran(project.command("show", "web", "--json"), project.aws)
    assert json.loads(shown.stdout)["version"] == 1


@pytest.fixture(name="silent")
def silent_fixture(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Where to find an index that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/index"
        yield {"UV_DEFAULT_INDEX": url, "LAMBDA_LAYER_CACHE": str(tmp_path / "cache")}


@pytest.mark.parametrize("command", ["size", "try", "why"])
def test_what_resolves_ends_at_once_and_leaves_nothing(
    project: Project, silent: dict[str, str], tmp_path: Path, command: str
) -> None:
    words = [command, "six", "--python", "3.12", "--architecture", "arm64"]
    words[2:2] = ["six"] if command == "why" else []
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with started(project, *words, **silent, TMPDIR=str(temporary)) as terminal:
        terminal.wait_for(lambda: "resolving" in terminal.text, "the resolution")
        ends_in_a_line(terminal, "interrupted")
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("module", ["click", "builder.errors", "builder.commands.options"])
def test_before_it_has_begun_it_ends_in_a_line_too(tmp_path: Path, module: str) -> None:
    env = {**os.environ, "PYTHONPROFILEIMPORTTIME": "1"}  # it says what it imports
    with in_terminal([PROGRAM, "schema"], env=env, cwd=tmp_path) as terminal:
        wait_until(lambda: f" {module}\n" in terminal.text, f"the import of {module}")
        terminal.press_ctrl_c()
        code = terminal.wait(PATIENCE)
        assert code in {0, 130}, terminal.text  # it may have been quicker
        wait_until(lambda: "interrupted" in terminal.text or code == 0)
    assert "Traceback" not in terminal.text
