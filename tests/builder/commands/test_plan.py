import json

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
