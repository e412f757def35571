"""Every command on terminals of several widths and in a pipe: nothing is broken, cut or coloured.

The commands run in this process, and look at nothing of a terminal but whether it is one and what
the environment says; `test_what_is_seen_in_this_process_is_what_a_terminal_gets` compares.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from builder.cli import main
from builder.clock import Clock
from builder.commands import build as build_command
from builder.layer.record import Release
from builder.release.release import ensure
from embedded.aws import EmbeddedAws
from tests.builder.commands.conftest import Project, function_on, releases
from tests.builder.conftest import ACCOUNT, REGION, environ, quick, write_tree
from tests.patience import PATIENCE
from tests.region import by_aws_region_alone
from tests.terminals.pseudo import in_terminal
from tests.terminals.streams import Way, said, terminal

PIPE = Way(False, {})

ELSEWHERE = {
    "build-images": "it asks a registry: tests/builder/report/test_build_images.py",
    "deploy": "it runs terraform: tests/terraform/test_deploy.py",
    "hook": "it writes one line of JSON for terraform, and its errors are those of the others",
    "roles": "it starts Node: tests/builder/report/test_roles.py",
    "size": "it resolves: tests/builder/report/test_sizes.py",
    "synth": "it starts Node: tests/builder/commands/test_synth.py",
    "try": "it builds: tests/terminals/test_ctrl_c.py",
    "wait": "it waits: tests/terminals/test_ctrl_c.py",
    "watch": "it waits: tests/terminals/test_ctrl_c.py, tests/builder/report/test_watch.py",
    "why": "it resolves: tests/builder/commands/test_why.py",
}
"""Commands that are not in the table, and where their words are looked at."""

COMMANDS = (
    "adopt web {arn} --dry-run",
    "adopt web arn:aws:lambda:eu-west-1:123456789012:layer:of-somewhere-else:1",
    "audit web --database {root}/osv",
    "build web",
    "client {root}/client",
    "diff web",
    "doctor",
    "explain",
    "explain exclude_newer",
    "explain stale",
    "get web manifest",
    "get web zip -o {root}/web.zip",
    "image nothing",
    "init",
    "lock web",
    "logs web --tail 20",
    "move web",
    "plan",
    "plan --format markdown",
    "plan --files",
    "prune web --keep 1",
    "report web",
    "retire web",
    "rollback web 1",
    "schema",
    "show web",
    "status",
    "status web",
    "status wob",
    "stop nothing",
    "unpin web",
    "verify web",
)

DEEP = "src/web/contributed/exporters/of_spreadsheets/exporter_of_the_first_sheet.py"

STYLE = re.compile(r"\x1b\[[\d;]*m")
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:[34]\d|9[0-7]|10[0-7])(?:;\d+)*m")


@pytest.fixture(name="project", scope="module")
def project_fixture(
    aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """A layer with two releases and a function on the first; no command of the table changes it."""

    def quickly(*arguments: Any, clock: Clock | None = None, **options: Any) -> Release:
        return ensure(*arguments, clock=clock or quick(), **options)

    root = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patched:
        environ(patched, aws.environment())
        patched.setattr(build_command, "ensure", quickly)
        patched.setenv("LAMBDA_LAYER_CACHE", str(tmp_path_factory.mktemp("cache")))
        patched.setenv("UV_OFFLINE", "1")
        patched.chdir(root)
        project = Project(aws, root)
        releases(project, 1)
        write_tree(root, {DEEP: "x = 1\n", "osv/x.json": json.dumps({"id": "X-1"})})
        assert project.run("build", "web").exit_code == 0
        function_on(project, 1)
        yield project


def line_of(project: Project, command: str) -> list[str]:
    """Return a command line of the table."""
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{project.app}-web:1"
    words = [word.format(root=project.root, arn=arn) for word in command.split()]
    return ["--config", str(project.root / "layers.toml"), *words]


def test_every_command_is_in_the_table_or_said_to_be_elsewhere() -> None:
    assert {command.split()[0] for command in COMMANDS} | ELSEWHERE.keys() == set(
        main.list_commands(click.Context(main))
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_no_word_is_broken_or_cut_and_no_escape_is_where_none_belongs(
    project: Project, command: str
) -> None:
    words = line_of(project, command)
    plain = said(words, PIPE)
    assert "Traceback" not in plain
    assert "\x1b" not in plain
    expected = [word for word in plain.split() if "█" not in word]

    for way in (
        *(terminal(columns) for columns in (40, 80, 200)),
        terminal(80, NO_COLOR="1"),
        terminal(80, "dumb"),
        Way(False, {"FORCE_COLOR": "1"}),
    ):
        written = said(words, way)
        text = STYLE.sub("", written)
        assert "\x1b" not in text, way
        shown = set(text.split())
        assert [word for word in expected if word not in shown] == [], (way, text)
        assert text.count("…") == plain.count("…"), (way, text)
        if way.environment.get("TERM") == "dumb":
            assert written == text, way
        if "NO_COLOR" in way.environment:
            assert COLOUR.search(written) is None, way


def test_the_deepest_path_is_whole_where_there_is_no_room_for_it(project: Project) -> None:
    for command in ("status web", "diff web"):
        assert DEEP in said(line_of(project, command), terminal(40)).split()


@pytest.mark.parametrize(("command", "columns"), [("status web", 40), ("doctor", 80)])
def test_what_is_seen_in_this_process_is_what_a_terminal_gets(
    project: Project, command: str, columns: int
) -> None:
    environment = {
        **by_aws_region_alone(project.aws.process_environment()),
        "TERM": "xterm-256color",
    }
    here = said(line_of(project, command), terminal(columns))
    with in_terminal(
        project.command(*command.split()), env=environment, cwd=Path.cwd(), columns=columns
    ) as started:
        started.wait(PATIENCE)
    # Whom the credentials and the programs are of differs between this process and another.
    there = started.text
    layout = [line for line in here.splitlines() if project.app in line]
    assert layout
    assert [line for line in there.splitlines() if project.app in line] == layout
