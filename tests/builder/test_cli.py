import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from builder import __version__
from builder.cli import first_sentence, main
from tests.builder.commands.conftest import LAYERS, Project
from tests.builder.commands.conftest import project as project
from tests.builder.conftest import package
from tests.patience import PATIENCE


def commands(group: click.Group = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
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


def test_no_summary_is_cut_short() -> None:
    summaries = CliRunner().invoke(main, ["--help"]).output.partition("Commands:")[2]
    assert "..." not in summaries
    assert "is for several runtimes)." in " ".join(summaries.split())


def test_the_variables_are_in_the_help() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output

    assert "LAMBDA_LAYER_CONFIG" in shown
    assert "LAMBDA_LAYER_DEBUG" in shown


def test_a_wrong_command_gets_the_nearest_right_one() -> None:
    done = CliRunner().invoke(main, ["staus"])

    assert done.exit_code == 2
    assert "Did you mean 'status'?" in done.output


@pytest.mark.parametrize("wrong", ["tree", "retir", "prun", "rolback", "mov"])
def test_a_wrong_command_never_gets_one_that_destroys(wrong: str) -> None:
    done = CliRunner().invoke(main, [wrong, "web"])

    assert done.exit_code == 2
    assert not any(f"'{name}'" in done.output for name in ("retire", "prune", "rollback", "move"))


def test_an_option_that_belongs_before_the_command_is_said_to() -> None:
    done = CliRunner().invoke(main, ["plan", "web", "--region", "eu-west-1"])

    assert done.exit_code == 2
    assert "--region belongs before the command: lambda-layer --region ... plan" in done.output
    assert "belongs before" not in CliRunner().invoke(main, ["plan", "--wrong"]).output


def test_a_version_that_is_no_number_is_named_as_it_is_in_the_usage(project: Project) -> None:
    done = project.run("diff", "web", "a")

    assert done.exit_code == 2
    assert "Invalid value for '[A]'" in done.output


def test_a_layer_that_is_misspelt_gets_the_nearest_name(project: Project) -> None:
    assert "did you mean 'web'?" in project.run("plan", "wep").stderr
    assert "did you mean" not in project.run("plan", "zzzzz").stderr


def test_neither_the_version_nor_completion_waits_for_boto3(tmp_path: Path) -> None:
    package(tmp_path)
    (tmp_path / "layers.toml").write_text(LAYERS.format(app="x1"))
    code = (
        "import sys\nfrom builder.cli import first_sentence, main\n"
        "main(['--version'], standalone_mode=False)\n"
        "from builder.commands.options import complete_layers\nimport click\n"
        "print(complete_layers(click.Context(main), None, 'w'), 'boto3' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip

    assert done.stdout.splitlines()[-1] == "['web'] False", done.stderr


def test_the_help_has_each_commands_own_sentence_and_imports_none() -> None:
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        whole = command.get_short_help_str(limit=500)
        assert first_sentence(name) == whole, name
    read = "from builder.cli import first_sentence, main; main(['--help'], standalone_mode=False)"
    told = f"import sys; {read}; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    imported = set(done.stderr.split())
    assert "builder.cli" in imported
    assert imported.isdisjoint({"boto3", "botocore", "rich", "packaging", "yaml", "builder.worker"})
    assert {name for name in imported if name.startswith("builder.commands.")} == {
        "builder.commands.options"
    }


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["explain"], "interrupted\n"),
        (["build", "web"], "interrupted; a running build goes on, run it again to join it\n"),
        (["deploy"], "interrupted; nothing was applied\n"),
    ],
)
def test_an_interrupt_speaks_of_builds_where_one_may_run(
    command: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("builder.commands.explain.words", interrupted)
    monkeypatch.setattr("builder.commands.options.Setting.load", interrupted)
    done = CliRunner().invoke(main, command)
    assert (done.exit_code, done.stderr) == (130, said)


def test_an_interrupt_at_a_question_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object, **__: object) -> None:
        click.confirm("Go on?", prompt_suffix="")

    def typed(_: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("builder.commands.explain.words", asked)
    monkeypatch.setattr("click.termui.visible_prompt_func", typed)
    with pytest.raises(SystemExit) as ended:
        main(["explain"])
    assert ended.value.code == 130
