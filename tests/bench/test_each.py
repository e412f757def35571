"""Hashing each layer in a process of its own: by our script, by the module's own file."""

import json
import os
from pathlib import Path

import pytest

from bench.each import by_package_py, by_script, hashers
from bench.measure import Failed

NAMES = [f"layer-{number}" for number in range(12)]
STAND_IN = """
import json, os, pathlib, sys
asked = json.load(sys.stdin)
seen = {"pid": os.getpid(), "argv": sys.argv[1:], "cwd": os.getcwd(), "asked": asked}
artifacts = pathlib.Path(asked["artifacts_dir"])
artifacts.mkdir(exist_ok=True)
plan = artifacts / (json.loads(asked["source_path"]) + ".plan.json")
plan.write_text(json.dumps(seen))
print(json.dumps({"build_plan_filename": str(plan)}))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "module.py").write_text(f"NAME = '{name}'\n")
    return tmp_path


def package_py(root: Path, text: str) -> Path:
    file = root / "package.py"
    file.write_text(text)
    return file


def test_package_py_is_asked_once_for_each_layer_as_terraform_asks(root: Path) -> None:
    file = package_py(root, STAND_IN)

    by_package_py(file, NAMES, root, os.environ)

    seen = [json.loads(plan.read_text()) for plan in (root / "builds").iterdir()]
    assert len({one["pid"] for one in seen}) == len(NAMES)
    assert {one["cwd"] for one in seen} == {str(root)}
    assert all(one["argv"] == ["prepare"] for one in seen)
    assert sorted(json.loads(one["asked"]["source_path"]) for one in seen) == sorted(NAMES)
    asked = seen[0]["asked"]
    assert all(isinstance(value, str) for value in asked.values())
    assert json.loads(asked["paths"]) == {"module": str(root), "root": ".", "cwd": str(root)}
    assert (asked["runtime"], asked["artifacts_dir"]) == ("python3.13", "builds")
    assert asked["recreate_missing_package"] == "true"
    assert json.loads(asked["hash_extra_paths"]) == []
    assert "docker" not in asked


@pytest.mark.parametrize("text", ["print('hello')", "print('[]')", "print('{}')"])
def test_another_file_is_told_from_package_py(root: Path, text: str) -> None:
    file = package_py(root, text)

    with pytest.raises(Failed, match=f"{file} is not package.py of the module"):
        by_package_py(file, NAMES[:1], root, os.environ)


def test_a_plan_that_is_said_and_not_written_is_no_plan(root: Path) -> None:
    file = package_py(root, """print('{"build_plan_filename": "builds/none.plan.json"}')""")

    with pytest.raises(Failed, match="prepared 0 plans for 2 layers"):
        by_package_py(file, NAMES[:2], root, os.environ)


def test_what_package_py_says_when_it_fails_is_told(root: Path) -> None:
    file = package_py(root, "raise SystemExit('no such runtime')")

    with pytest.raises(Failed, match=r"(?s)package\.py prepare.*no such runtime"):
        by_package_py(file, NAMES[:1], root, os.environ)


def test_our_script_writes_a_plan_for_each_layer(root: Path) -> None:
    by_script(NAMES, root, os.environ)

    assert len(list((root / "builds").iterdir())) == len(NAMES)


def test_the_module_s_file_runs_beside_our_script_and_only_where_it_is_given() -> None:
    assert list(hashers(None)) == ["our stand-in script"]
    assert list(hashers(Path("package.py"))) == ["our stand-in script", "package.py prepare"]
