"""Stack and module in folders, shells and addresses that somebody has, and we would not."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Stack, copy_of
from tests.terraform.module_root import ModuleRoot

FORMS = ("stack", "module")

NAMES = ["it's mine", 'the "new" one', "$HOME and ${HOME}", "größe 層", "%{if true} -x"]
"""Names of folders; Terraform's own templates, a shell and an encoding could take offence. One lies
in the other: whoever takes offence at one of them takes it at the path, and says which path."""


def test_a_checkout_in_a_folder_of_any_name_plans_and_builds(make: Make, tmp_path: Path) -> None:
    stack = make()
    quick_builds(stack)
    other = copy_of(stack, tmp_path.joinpath(*NAMES))
    assert other.apply().builds == 1
    assert other.plan().exit_code == 0
    other.edit()
    planned = other.plan()
    assert planned.answer()["reason"] == "web/web/__init__.py changed"
    assert other.apply().builds == 1
    assert other.plan().exit_code == 0
    other.destroy()
    assert other.versions() == []


def test_without_a_locale_it_is_the_same_layer(shared: Stack, tmp_path: Path) -> None:
    here = copy_of(shared, tmp_path / "größe")
    old = {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    bare = {k: v for k, v in here.environment.items() if k != "TF_REATTACH_PROVIDERS"}
    other = replace(here, environment={**bare, **old})
    other.run("init")
    assert other.plan().exit_code == 0
    (other.project / "web/web/größe.txt").write_text("é")
    planned = other.plan()
    assert planned.exit_code == 2
    assert "gr" in planned.answer()["reason"]


def test_validate_needs_no_credentials(shared: Stack) -> None:
    environment = {
        name: value
        for name, value in shared.terraform.environment.items()
        if not name.startswith("AWS_")
    }
    done = subprocess.run(
        [shared.terraform.program.path, "validate", "-no-color"],
        cwd=shared.folder, env={**environment, "AWS_EC2_METADATA_DISABLED": "true"},
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "Success" in done.stdout


def test_a_module_that_moves_to_another_address_stays_what_it_is(make: Make) -> None:
    stack = make()
    quick_builds(stack)
    if not isinstance(stack, ModuleRoot):
        pytest.skip("a stack's resources have one address")
    stack.apply()
    for moved in ("by the command", "by a block"):
        name = "moved_" + moved[-5:].strip()
        with stack.edited() as document:
            (old,) = document["module"]
            document["module"] = {name: document["module"][old]}
            document["output"] = {"web": {"value": f'${{module.{name}.layers["web"]}}'}}
            if moved == "by a block":
                document["moved"] = [{"from": f"module.{old}", "to": f"module.{name}"}]
        stack.run("init")
        if moved == "by the command":
            stack.run("state", "mv", f"module.{old}", f"module.{name}")
        planned = stack.plan()
        assert planned.changes == {}, moved
        assert stack.apply().writes == []
        assert stack.plan().exit_code == 0
    assert stack.versions() == [1]


def test_a_target_that_is_the_whole_is_a_plan_of_it(shared: Stack) -> None:
    target = "module.layers" if isinstance(shared, ModuleRoot) else "data.external.web_release"
    assert shared.plan(f"-target={target}").changes == {}
