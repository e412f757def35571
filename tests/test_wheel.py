"""The wheel, installed into an environment and a project of a user's own."""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from builder import __version__
from tests.patience import PATIENCE

PROJECT = Path(__file__).parents[1]
NEEDED = ("builder", "fast_lambda_layer", "modules", "pyproject.toml", "README.md", "LICENSE")
OURS = ("fast_lambda_layer", "_fast_lambda_layer", "__editable__")
"""How what the editable install has put into site-packages begins."""


def run(
    command: Sequence[str | Path], cwd: Path, text: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder."""
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **environment},
        input=text,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def worked(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(name="wheel", scope="module")
def wheel_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of a copy of the sources, as any build frontend does."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in NEEDED:
        if (PROJECT / name).is_dir():
            leave_out = shutil.ignore_patterns("__pycache__")
            shutil.copytree(PROJECT / name, folder / name, ignore=leave_out)
        else:
            shutil.copy(PROJECT / name, folder)
    build = "import hatchling.build as b; print(b.build_wheel('dist'))"
    (folder / "dist").mkdir()
    worked(run([sys.executable, "-c", build], folder))
    return next((folder / "dist").glob("*.whl"))


@pytest.fixture(name="installed", scope="module")
def installed_fixture(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install it into an environment; return the folder of its programs.

    What it depends on is linked from this environment, so that nothing is downloaded; the editable
    install of the checkout is left out.
    """
    folder = tmp_path_factory.mktemp("environment")
    uv = Path(sys.executable).with_name("uv")
    worked(run([uv, "venv", "--offline", "--python", sys.executable, folder / "venv"], folder))
    python = folder / "venv" / "bin" / "python"
    worked(run([uv, "pip", "install", "--offline", "--no-deps", "--python", python, wheel], folder))
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    target = Path(worked(run([python, "-c", where], folder)).strip())
    for there in site.getsitepackages():
        for entry in Path(there).iterdir():
            if not entry.name.startswith(OURS) and not (target / entry.name).exists():
                (target / entry.name).symlink_to(entry)
    assert PROJECT.as_posix() not in worked(
        run([python, "-c", "import sys; print(sys.path)"], folder)
    )
    return python.parent


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


def test_the_wheel_holds_what_a_user_needs_and_nothing_of_the_checkout(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    kept = f"fast_lambda_layer-{__version__}"
    assert tops == {
        "builder", "fast_lambda_layer", "modules", f"{kept}.dist-info", f"{kept}.data",
    }  # fmt: skip
    assert "modules/__init__.py" not in names
    assert {"builder/py.typed", "fast_lambda_layer/py.typed"} <= set(names)


def test_the_command_runs_in_a_project_that_has_packages_of_its_names(
    installed: Path, project: Path
) -> None:
    done = run([installed / "lambda-layer", "--version"], project, **hostile(project))
    assert worked(done) == f"lambda-layer, version {__version__}\n"
    assert done.stderr == ""


def test_a_hook_answers_there(installed: Path, project: Path) -> None:
    query = '{"web.spec": "{}"}'
    done = run([installed / "lambda-layer", "hook", "plan"], project, query, **hostile(project))
    assert done.returncode == 1
    assert "it has no 'region'" in done.stderr


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


def test_a_main_py_beside_stacks_and_a_folder_of_modules_works(
    installed: Path, project: Path
) -> None:
    shutil.rmtree(project / "builder")
    (project / "modules" / "__init__.py").unlink()
    (project / "typing_extensions.py").unlink()
    shutil.copy(PROJECT / "main.py", project)
    worked(run([installed / "python", "main.py"], project))
    assert (project / "cdktf.out/stacks/shop/cdk.tf.json").is_file()
