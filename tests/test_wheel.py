"""The wheel, installed into an environment and a project of a user's own."""

from __future__ import annotations

import email
import json
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from builder import __version__
from tests.wheel import PROJECT, run, worked


@pytest.fixture(name="project")
def project_fixture(tmp_path: Path) -> Path:
    """Return a project whose own packages have the names of ours, and an old typing_extensions."""
    for name in ("builder", "modules", "stacks"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise SystemExit('our own {name}')\n")
    (tmp_path / "typing_extensions.py").write_text("raise SystemExit('an old one')\n")
    (tmp_path / "layers.toml").write_text(
        '[app]\nname = "shop"\n\n[layers.web]\npython = ["3.13"]\narchitecture = "arm64"\n'
        'dependencies = ["six==1.17.0"]\n'
    )
    return tmp_path


def hostile(project: Path) -> dict[str, str]:
    return {
        "PYTHONPATH": str(project),
        "PYTHONHOME": "/nonexistent",
        "PYTHONSTARTUP": str(project / "builder" / "__init__.py"),
    }


@pytest.mark.slow
def test_the_wheel_holds_what_a_user_needs_and_nothing_of_the_checkout(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    kept = f"fast_lambda_layer-{__version__}"
    assert tops == {
        "builder", "fast_lambda_layer", "hybrid_service", "modules",
        f"{kept}.dist-info", f"{kept}.data",
    }  # fmt: skip
    assert "modules/__init__.py" not in names
    packages = ("builder", "fast_lambda_layer", "hybrid_service", "modules/layer")
    assert {f"{package}/py.typed" for package in packages} <= set(names)


def test_the_sdist_has_the_pages_and_nothing_of_tests_and_embedded_aws(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"CHANGELOG.md", "LICENSE", "README.md", "docs/security.md", "PKG-INFO"} <= names
    assert not {name.partition("/")[0] for name in names} & {"tests", "embedded", "demo", ".venv"}


def test_every_file_of_the_packages_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    there = {
        file.relative_to(PROJECT).as_posix()
        for package in ("builder", "fast_lambda_layer", "hybrid_service", "modules")
        for file in (PROJECT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert there - names == set()


def test_what_an_index_shows_is_there_and_leads_nowhere_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        text = opened.read(f"fast_lambda_layer-{__version__}.dist-info/METADATA").decode()
    metadata = email.message_from_string(text)
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])
    assert metadata.get_all("Project-URL", []) == []
    assert metadata["License-Expression"] == "Apache-2.0"
    assert "\n\n# Fast Lambda Layer\n" in text


def test_changes_of_this_version_are_described() -> None:
    assert f"\n## {__version__}" in (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_type_checker_knows_what_a_program_of_others_imports(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(
        "from fast_lambda_layer import LayerSpec\n"
        "import modules.layer.policies\n"
        'LayerSpec("web", 3, "arm64")\n'
    )
    # mypy would read the 2,200 modules of the bindings, for minutes.
    (tmp_path / "mypy.ini").write_text(
        "[mypy]\n[mypy-cdktf.*,cdktf_cdktf_provider_aws.*,cdktf_cdktf_provider_external.*]\n"
        "follow_imports = skip\n"
    )
    mypy = Path(sys.executable).with_name("mypy")
    python = f"--python-executable={installed / 'python'}"
    done = run([mypy, "--strict", python, "mine.py"], tmp_path)
    assert 'mine.py:3: error: Argument 2 to "LayerSpec" has incompatible type "int"' in done.stdout
    assert "Found 1 error" in done.stdout


@pytest.mark.slow
def test_uv_tool_installs_it_with_what_it_needs(wheel: Path, tmp_path: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    places = {
        "UV_TOOL_DIR": str(tmp_path / "tools"),
        "UV_TOOL_BIN_DIR": str(tmp_path / "bin"),
        "UV_PYTHON": sys.executable,
    }
    worked(run([uv, "tool", "install", wheel], tmp_path, **places))
    done = run([tmp_path / "bin/lambda-layer", "--version"], tmp_path, PATH="/usr/bin:/bin")
    assert worked(done) == f"lambda-layer, version {__version__}\n"
    done = run([tmp_path / "bin/lambda-layer", "synth"], tmp_path, PATH="/usr/bin:/bin")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_the_command_runs_in_a_project_that_has_packages_of_its_names(
    installed: Path, project: Path
) -> None:
    done = run([installed / "lambda-layer", "--version"], project, **hostile(project))
    assert worked(done) == f"lambda-layer, version {__version__}\n"
    assert done.stderr == ""


@pytest.mark.slow
def test_a_hook_answers_there(installed: Path, project: Path) -> None:
    query = '{"web.spec": "{}"}'
    done = run([installed / "lambda-layer", "hook", "plan"], project, query, **hostile(project))
    assert done.returncode == 1
    assert "it has no 'region'" in done.stderr


@pytest.mark.slow
def test_layers_are_synthesized_there(installed: Path, project: Path) -> None:
    command: list[str | Path] = [installed / "python", "-I", "-m", "fast_lambda_layer.synth"]
    worked(run(command, project, PYTHONPATH=str(project)))
    stack = json.loads((project / "cdktf.out/stacks/shop/cdk.tf.json").read_text())
    assert stack["data"]["external"]["build_plan"]["program"] == ["lambda-layer", "hook", "plan"]


def test_a_main_py_beside_them_is_refused_with_what_to_do(installed: Path, project: Path) -> None:
    (project / "main.py").write_text(
        "import sys\nfrom fast_lambda_layer.synth import main\nsys.exit(main())\n"
    )
    done = run([installed / "python", "main.py"], project)
    assert f"ImportError: {project / 'builder'} hides Fast Lambda Layer's package" in done.stderr
    assert done.returncode == 1


@pytest.mark.slow
def test_a_main_py_beside_stacks_and_a_folder_of_modules_works(
    installed: Path, project: Path
) -> None:
    shutil.rmtree(project / "builder")
    (project / "modules" / "__init__.py").unlink()
    (project / "typing_extensions.py").unlink()
    shutil.copy(PROJECT / "main.py", project)
    worked(run([installed / "python", "main.py"], project))
    assert (project / "cdktf.out/stacks/shop/cdk.tf.json").is_file()
