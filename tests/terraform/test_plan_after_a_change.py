"""Plans after a change: what matters makes one layer due, by name; what does not matter, none."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import builder
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Outcome, Planned, Stack
from tests.terraform.packages import PYPROJECT, PYTHON, layer, write

FORMS = ("stack", "module")
APPROVAL = "aws_s3_object.web_approval"
OTHER_PYTHON = "3.12" if PYTHON != "3.12" else "3.13"


@pytest.fixture(scope="module")
def applied(make: Make) -> Stack:
    """Two layers: web, of a package and a lock file, is the one to change."""
    stack = make(layer(requirements=["web/requirements.lock"], exclude=["*.bak"]), layer("tools"))
    write(stack.project / "web/requirements.lock", "# nothing\n")
    write(stack.project / ".gitignore", "*.log\nscratch/\n")
    quick_builds(stack)
    stack.apply()
    return stack


@pytest.fixture
def stack(applied: Stack) -> Iterator[Stack]:
    """The stack; what the test changes in it is undone."""
    with applied.restored(applied.project / "web"):
        yield applied


def one_build_is_due(planned: Planned) -> str:
    """Check that the plan has one change, of web, and wrote nothing; return the reason."""
    assert planned.exit_code == 2, planned.said
    assert planned.writes == []
    assert planned.changes == {APPROVAL: ["update"]}
    assert planned.deferred == ["data.external.web_release"]
    assert planned.unknown()["layer_arn"]
    assert planned.document["output_changes"]["tools"]["actions"] == ["no-op"]
    assert planned.answer()["status"] == "stale"
    return str(planned.output()["reason"])


def every_build_is_due(planned: Planned) -> str:
    """Check that the plan changes what all layers need, and wrote nothing; return the reason."""
    assert planned.exit_code == 2, planned.said
    assert planned.writes == []
    assert planned.changes == {APPROVAL: ["update"], "aws_s3_object.tools_approval": ["update"]}
    reasons = {str(planned.output(name)["reason"]) for name in ("web", "tools")}
    (reason,) = reasons
    return reason


def changed_file(root: Path) -> str:
    write(root / "web/__init__.py", "ANSWER = 43\n")
    return "web/web/__init__.py changed"


def added_file(root: Path) -> str:
    write(root / "web/more.py", "MORE = 1\n")
    return "web/web/more.py added"


def removed_file(root: Path) -> str:
    (root / "notes/one.txt").unlink()
    return "web/notes/one.txt removed"


def renamed_file(root: Path) -> str:
    (root / "notes/one.txt").rename(root / "notes/uno.txt")
    return "web/notes/one.txt renamed to web/notes/uno.txt"


def executable_file(root: Path) -> str:
    (root / "notes/one.txt").chmod(0o755)
    return "web/notes/one.txt changed its exec bit"


def changed_pyproject(root: Path) -> str:
    write(root / "pyproject.toml", PYPROJECT.format(name="web") + "# more\n")
    return "web/pyproject.toml changed"


def changed_lock(root: Path) -> str:
    write(root / "requirements.lock", "# still nothing\n")
    return "web/requirements.lock changed"


CHANGED_FILES = (
    changed_file,
    added_file,
    removed_file,
    renamed_file,
    executable_file,
    changed_pyproject,
    changed_lock,
)


@pytest.mark.parametrize("change", CHANGED_FILES)
def test_a_changed_source_makes_one_layer_due(stack: Stack, change: Callable[[Path], str]) -> None:
    expected = change(stack.project / "web")
    assert one_build_is_due(stack.plan()) == expected


CHANGED_SPECS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"extras": ["more"]}, "extras changed from none to more"),
    ({"python": [PYTHON, OTHER_PYTHON]}, f"python changed from {PYTHON} to "),
    ({"architecture": "arm64"}, "architecture changed from x86_64 to arm64"),
    ({"exclude": ["*.bak", "*.md"]}, "exclude changed from *.bak to *.bak, *.md"),
    ({"dependencies": ["idna"]}, "dependencies changed from none to idna"),
    ({"requirements": []}, "requirements changed from web/requirements.lock to none"),
)


@pytest.mark.parametrize(("change", "expected"), CHANGED_SPECS)
def test_a_changed_spec_makes_one_layer_due(
    stack: Stack, change: dict[str, Any], expected: str
) -> None:
    stack.respec(**change)
    reason = one_build_is_due(stack.plan())
    assert reason.startswith(expected)
    assert "image" not in reason, "it follows from what was changed"


def other_builder(stack: Stack, folder: Path) -> Path:
    """Let a copy of the builder run the hooks; return the copy."""
    copy = folder / "builder"
    shutil.copytree(Path(builder.__file__).parent, copy)
    script = folder / "lambda-layer"
    python = f"PYTHONPATH='{folder}' exec python"
    run = "from builder.cli import main; main()"
    script.write_text(f"#!/bin/sh\n{python} -c '{run}' \"$@\"\n")
    script.chmod(0o755)
    stack.use_program(str(script))
    return copy


def test_another_worker_makes_every_layer_due(stack: Stack, tmp_path: Path) -> None:
    copy = other_builder(stack, tmp_path)
    assert stack.plan().exit_code == 0
    with (copy / "worker" / "slim.py").open("a") as file:
        file.write("# does better\n")
    assert every_build_is_due(stack.plan()) == "the builder's worker changed"


def test_another_build_image_makes_every_layer_due(stack: Stack, tmp_path: Path) -> None:
    table = other_builder(stack, tmp_path) / "spec" / "runtimes.py"
    table.write_text(re.sub(r":latest-", ":1.148.0-", table.read_text()))
    image = f"public.ecr.aws/sam/build-python{PYTHON}"
    assert every_build_is_due(stack.plan()) == (
        f"build image changed from {image}:latest-x86_64 to {image}:1.148.0-x86_64"
    )


def test_several_changes_are_all_named(stack: Stack) -> None:
    stack.respec(extras=["more"])
    changed_file(stack.project / "web")
    removed_file(stack.project / "web")
    assert one_build_is_due(stack.plan()) == (
        "extras changed from none to more, web/web/__init__.py changed, web/notes/one.txt removed"
    )


def nothing_is_due(planned: Planned, *, exit_code: int) -> None:
    """Check that no layer is due, and that its ARN is known."""
    assert planned.exit_code == exit_code, planned.said
    assert planned.writes == []
    assert planned.deferred == []
    assert not [address for address in planned.changes if "approval" in address]
    if exit_code == 2:
        assert planned.document["output_changes"]["web"]["actions"] == ["no-op"]
        assert planned.output()["layer_arn"]
        assert planned.unknown() is False


def test_files_that_are_no_source_do_not_matter(stack: Stack) -> None:
    web = stack.project / "web"
    for name in (
        ".git/HEAD",
        ".git/objects/ab/cd",
        "web/__pycache__/x.cpython-312.pyc",
        ".venv/pyvenv.cfg",
        ".venv/lib/x.py",
        "web/.__init__.py.swp",
        "web/__init__.py~",
        "web/.#__init__.py",
        ".idea/workspace.xml",
        ".vscode/settings.json",
        ".mypy_cache/x.json",
        ".DS_Store",
        "web.egg-info/PKG-INFO",
    ):
        write(web / name, "x\n")
    write(stack.project / "README.md", "words\n")
    write(stack.project / "tests/test_web.py", "def test(): ...\n")
    write(stack.project / "layers.toml", "# words\n")
    nothing_is_due(stack.plan(), exit_code=0)


def test_what_only_describes_the_layer_does_not_matter(stack: Stack) -> None:
    stack.respec(description="Words")
    nothing_is_due(stack.plan(), exit_code=0)


def test_the_order_of_lists_does_not_matter(stack: Stack) -> None:
    stack.respec(extras=[], dependencies=[], requirements=["web/requirements.lock"])
    nothing_is_due(stack.plan(), exit_code=0)


def test_debug_mode_does_not_matter(stack: Stack) -> None:
    nothing_is_due(stack.plan("-var=debug_mode=true"), exit_code=0)


def test_retaining_versions_is_no_reason_to_build(stack: Stack) -> None:
    planned = stack.plan("-var=retain_versions=true")
    nothing_is_due(planned, exit_code=2)
    assert planned.changes == {
        'terraform_data.build_retire["tools"]': ["update"],
        'terraform_data.build_retire["web"]': ["update"],
    }


@pytest.mark.parametrize("variable", ['tags={team="blue"}', "log_retention_days=7"])
def test_settings_of_the_infrastructure_are_no_reason_to_build(stack: Stack, variable: str) -> None:
    planned = stack.plan(f"-var={variable}")
    nothing_is_due(planned, exit_code=2)
    arn = stack.output()["layer_arn"]
    applied: Outcome = stack.apply(f"-var={variable}")
    assert applied.builds == 0
    assert stack.output()["layer_arn"] == arn
    assert stack.plan(f"-var={variable}").exit_code == 0
    assert stack.apply().builds == 0
    assert stack.plan().exit_code == 0


def test_a_due_build_and_a_changed_tag_go_together(stack: Stack) -> None:
    changed_file(stack.project / "web")
    planned = stack.plan('-var=tags={team="blue"}')
    assert planned.changes[APPROVAL] == ["update"]
    assert "aws_s3_object.tools_approval" not in planned.changes
    assert planned.deferred == ["data.external.web_release"]
    assert planned.document["output_changes"]["tools"]["actions"] == ["no-op"]


def test_what_was_changed_and_changed_back_leaves_nothing_to_do(stack: Stack) -> None:
    nothing_is_due(stack.plan(), exit_code=0)
