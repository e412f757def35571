import json
from pathlib import Path

import pytest

from tests.builder.commands.conftest import Project
from tests.builder.conftest import write_tree
from tests.builder.repositories import commit


def test_plan_shows_the_input_files_and_what_is_left_out(project: Project) -> None:
    write_tree(project.root, {".gitignore": "*.bin\n", "src/web/model.bin": ""})
    commit(project.root, "src/web/model.bin")
    write_tree(project.root, {"src/web/api.bin": "", "src/web/__pycache__/x.pyc": ""})

    lines = [line.split() for line in project.run("plan", "--files").stdout.splitlines()]
    (found,) = json.loads(project.run("plan", "--files", "--json").stdout)

    assert ["src/web/model.bin"] in lines
    assert ["src/web/api.bin", "ignored", "by", "git"] in lines
    assert "src/web/model.bin" in found["files"]
    assert found["left_out"] == {
        "src/web/__pycache__/": "never an input",
        "src/web/api.bin": "ignored by git",
    }


def test_plan_has_forms_for_a_comment_and_for_github_actions(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    output = tmp_path / "output"
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)

    markdown = project.run("plan", "--format", "markdown").stdout.splitlines()
    github = project.run("plan", "--format", "github", "--detailed-exitcode")
    (as_json,) = json.loads(project.run("plan", "--format", "json").stdout)

    assert markdown[0] == "**Lambda layers: 1 of 1 due**"
    assert markdown[4] == "| `web` | missing | `first build` | - | build #1 |"
    assert github.stdout == "::notice title=layer web::missing: first build\n"
    assert github.exit_code == 2
    assert output.read_text() == "due=true\nlayers=web\n"
    assert as_json["status"] == "missing"


@pytest.mark.parametrize("options", [("--json",), ("--files",)])
def test_two_forms_at_once_are_refused(project: Project, options: tuple[str, ...]) -> None:
    done = project.run("plan", "--format", "markdown", *options)

    assert done.exit_code == 2
    assert "--format markdown" in done.stderr
