import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from builder import __version__
from builder.cli import main
from tests.builder.commands.conftest import Project
from tests.builder.commands.conftest import project as project


def commands(group: click.Group = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_has_help_with_an_example(path: tuple[str, ...], option: str) -> None:
    done = CliRunner().invoke(main, [*path, option])

    assert done.exit_code == 0
    assert f"Example: lambda-layer {' '.join(path)}".rstrip() in done.output


def test_the_help_documents_the_exit_codes() -> None:
    assert "Exit codes: 0 done; 1 an error" in CliRunner().invoke(main, ["--help"]).output


def test_the_version_is_reported() -> None:
    assert CliRunner().invoke(main, ["--version"]).output.strip().endswith(__version__)


@pytest.mark.parametrize("arguments", [("plan", "--wrong"), ("build",), ("no-such-command",)])
def test_wrong_usage_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    assert CliRunner().invoke(main, arguments).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("plan", "wep"), "there is no layer 'wep'"),
        (("build", "wep"), "there is no layer 'wep'"),
        (("logs", "web"), "layer 'web' has no build to show"),
        (("--profile", "gone", "plan"), "The config profile (gone) could not be found"),
    ],
)
def test_an_error_is_exit_code_1_and_one_message(
    project: Project, arguments: tuple[str, ...], what: str
) -> None:
    done = project.run(*arguments)

    assert done.exit_code == 1
    assert done.stderr.startswith(f"ERROR: {what}")
    assert "fix:" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_is_json_when_json_was_asked_for(tmp_path: Path) -> None:
    config = ["--config", str(tmp_path / "layers.toml")]

    done = CliRunner().invoke(main, [*config, "plan", "--json"])
    assert done.exit_code == 1
    error = json.loads(done.stderr)["error"]
    assert (error["kind"], error["what"]) == ("SpecError", "there is no layers.toml")

    assert CliRunner().invoke(main, [*config, "plan"]).stderr.startswith("ERROR: ")


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    config = ["--config", str(tmp_path / "layers.toml")]

    assert "Traceback" in CliRunner().invoke(main, ["--debug", *config, "plan"]).stderr
