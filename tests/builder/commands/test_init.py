"""A first layers.toml, by a person and by a script."""

import json
import os
import pty
import select
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from builder.cli import main
from builder.spec.layers_toml import load_config
from tests import small_disk
from tests.builder.commands.conftest import PROGRAM
from tests.builder.conftest import write_tree
from tests.patience import PATIENCE


@pytest.fixture(name="folder")
def folder_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = write_tree(tmp_path / "billing", {"requirements.txt": "six==1.17.0\n"})
    monkeypatch.chdir(folder)
    monkeypatch.delenv("LAMBDA_LAYER_CONFIG", raising=False)
    return folder


def test_it_says_what_it_found_and_the_next_two_commands(folder: Path) -> None:
    done = CliRunner().invoke(main, ["init"])

    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        "wrote layers.toml",
        "  layer dependencies: requirements.txt",
        "next: lambda-layer deploy --plan-only",
        "      lambda-layer deploy",
    ]
    config = load_config(folder / "layers.toml")
    assert config.app.name == "billing"
    assert config.layers[0].requirements == ("requirements.txt",)
    assert json.loads((folder / "layers.schema.json").read_text())["title"]


def test_nothing_is_overwritten(folder: Path) -> None:
    (folder / "layers.toml").write_text("mine")
    done = CliRunner().invoke(main, ["init", "--yes"])

    assert done.exit_code == 1
    assert done.stderr.startswith("ERROR: there is a layers.toml already")
    assert (folder / "layers.toml").read_text() == "mine"
    assert not (folder / "layers.schema.json").exists()


def test_a_link_to_nowhere_is_not_written_through(folder: Path) -> None:
    (folder / "layers.toml").symlink_to("elsewhere.toml")
    assert CliRunner().invoke(main, ["init"]).exit_code == 1
    assert not (folder / "elsewhere.toml").exists()


def test_a_schema_that_is_there_stays(folder: Path) -> None:
    (folder / "layers.schema.json").write_text("{}")
    assert CliRunner().invoke(main, ["init"]).exit_code == 0
    assert (folder / "layers.schema.json").read_text() == "{}"


def test_flags_say_it_all_and_another_file_is_written(folder: Path) -> None:
    words = ["--config", "infra/layers.toml", "init", "--no-schema", "--name", "till",
             "--layer", "web", "--python", "3.12", "--python", "3.13", "--architecture", "arm64",
             "--dependency", "six", "--dependency", "rich", "--json"]  # fmt: skip
    (folder / "infra").mkdir()
    done = CliRunner().invoke(main, words)

    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["next"][0] == "lambda-layer --config infra/layers.toml deploy --plan-only"
    (layer,) = load_config(folder / "infra/layers.toml").layers
    assert (layer.name, layer.dependencies, layer.python) == (
        "web", ("six", "rich"), ("3.12", "3.13"),
    )  # fmt: skip
    assert [path.name for path in (folder / "infra").iterdir()] == ["layers.toml"]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--name", "No Name"], "cannot name an application"),
        (["--requirements", "gone.txt"], "there is no file 'gone.txt'"),
        (["--dependency", "a b"], "is not a requirement"),
        (["--layer", "Web"], "cannot name a layer"),
        (["--package", "."], "has no pyproject.toml"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    folder: Path, words: list[str], what: str
) -> None:
    done = CliRunner().invoke(main, ["init", *words])

    assert done.exit_code == 1
    assert what in done.stderr
    assert [path.name for path in folder.iterdir()] == ["requirements.txt"]


def test_a_folder_that_is_not_there_is_named(folder: Path) -> None:
    done = CliRunner().invoke(main, ["--config", "gone/layers.toml", "init"])
    assert done.exit_code == 1
    assert "gone/layers.toml cannot be written" in done.stderr


@pytest.mark.parametrize("size", ["4k", "16k"], ids=["for nothing", "for no schema"])
def test_on_a_full_disk_it_leaves_nothing(folder: Path, tmp_path: Path, size: str) -> None:
    ended = small_disk.run(
        tmp_path / "disk", size, [PROGRAM, "init", "--yes", "--name", "shop"], source=folder
    )

    assert (ended.status, ended.output, ended.left) == (1, "", ["requirements.txt"])
    assert ended.errors.count("ERROR: ") == 1
    assert "cannot be written: No space left on device" in ended.errors


def test_on_a_terminal_it_asks(folder: Path) -> None:
    answers = b"till\n3.11, 3.12\narm64\n"
    outer, inner = pty.openpty()
    with subprocess.Popen([PROGRAM, "init"], stdin=inner, stdout=inner, stderr=inner) as process:
        os.close(inner)
        os.write(outer, answers)
        shown = b""
        while select.select([outer], [], [], PATIENCE)[0]:
            try:
                shown += os.read(outer, 4096)
            except OSError:  # the terminal is gone with the program
                break
        assert process.wait(PATIENCE) == 0, shown
    os.close(outer)

    assert b"Name of the application [billing]" in shown
    config = load_config(folder / "layers.toml")
    assert config.app.name == "till"
    assert config.layers[0].python == ("3.11", "3.12")
    assert config.layers[0].architecture == "arm64"
