import json
import zipfile
from pathlib import Path

import pytest

from builder.sizes.in_time import VARIABLE
from tests.builder.commands.conftest import Project
from tests.builder.conftest import write_tree
from tests.builder.repositories import commit
from tests.builder.sizes.conftest import Serve
from tests.builder.sizes.conftest import own_cache as own_cache
from tests.builder.sizes.conftest import serve as serve
from tests.builder.sizes.conftest import shelf as shelf
from tests.patience import PATIENCE
from tests.worker.conftest import MakeWheel
from tests.worker.conftest import make_wheel as make_wheel
from tests.worker.conftest import uv_cache as uv_cache


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


SHARED = """
[layers.{name}]
dependencies = ["{name}"]
python = ["3.12"]
architecture = "arm64"
functions = ["api"]
"""


@pytest.fixture
def two_that_share_a_function(
    project: Project,
    make_wheel: MakeWheel,
    shelf: Path,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
) -> Project:
    """Layers one and two, each of which fits, and together they do not."""
    monkeypatch.setenv(VARIABLE, f"{PATIENCE:.0f}")
    for name in ("one", "two"):
        wheel = make_wheel(shelf, name)
        with (
            zipfile.ZipFile(wheel, "a", zipfile.ZIP_DEFLATED) as archive,
            archive.open(f"{name}/data.bin", "w") as file,
        ):
            for _ in range(150):
                file.write(bytes(1_000_000))
    serve(ranges=True)
    path = project.root / "layers.toml"
    path.write_text(path.read_text() + SHARED.format(name="one") + SHARED.format(name="two"))
    return project


def test_plan_says_sizes_with_the_other_layers_of_a_function_though_one_is_named(
    two_that_share_a_function: Project, own_cache: Path
) -> None:
    project = two_that_share_a_function
    (one,) = json.loads(project.run("plan", "one", "--json").stdout)
    assert (one["layer"], one["size_verdict"], one["size_fits"]) == ("one", "too large", False)
    assert 150_000_000 < one["predicted_size"] < 151_000_000
    assert "function api gets one, two: 300," in one["size"]

    # Nothing changed: the same again, from what is remembered.
    kept = {path: path.stat().st_mtime_ns for path in (own_cache / "plans").iterdir()}
    assert len(kept) == 2
    markdown = project.run("plan", "--format", "markdown").stdout
    assert "| 150.0 MB, too large |" in markdown
    assert "function api gets two, one: 300," in markdown
    assert {p: p.stat().st_mtime_ns for p in (own_cache / "plans").iterdir()} == kept
