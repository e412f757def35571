from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from builder.cli import main
from tests.builder.sizes.conftest import Serve
from tests.builder.sizes.conftest import own_cache as own_cache
from tests.builder.sizes.conftest import serve as serve
from tests.builder.sizes.conftest import shelf as shelf
from tests.worker.conftest import MakeWheel
from tests.worker.conftest import make_wheel as make_wheel
from tests.worker.conftest import uv_cache as uv_cache

TOML = """
[app]
name = "shop"
[layers.web]
dependencies = ["web"]
python = ["3.12"]
architecture = "arm64"
"""


@pytest.fixture
def folder(
    make_wheel: MakeWheel,
    shelf: Path,
    serve: Serve,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A project whose layer has two packages; the current folder."""
    files = {"web/__init__.py": "x = 1\n" * 200, "web/tests/test_web.py": "y = 2\n" * 300}
    make_wheel(shelf, "web", files=files, requires=("core",))
    make_wheel(shelf, "core", files={"core/__init__.py": "z = 3\n" * 100})
    serve(ranges=True)
    project = tmp_path / "project"
    project.mkdir()
    (project / "layers.toml").write_text(TOML)
    monkeypatch.chdir(project)
    return project


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def test_people_see_packages_the_verdict_and_what_the_limit_is(folder: Path) -> None:
    shown = run("size", "web")
    assert shown.exit_code == 0, shown.stderr
    assert "web: python3.12 on arm64" in shown.stdout
    assert "of 262,144,000" in shown.stdout
    assert "fits:" in shown.stdout
    assert "resolving for python3.12 on arm64" in shown.stderr


def test_machines_read_bytes_for_each_target(folder: Path) -> None:
    shown = run("size", "core", "--python", "3.12", "--python", "3.13", "--json")
    document = json.loads(shown.stdout)
    assert document["limit"] == 262_144_000
    assert [layer["targets"][0]["runtime"] for layer in document["layers"]] == [
        "python3.12",
        "python3.13",
    ]
    (package,) = document["layers"][0]["targets"][0]["packages"]
    assert package["name"] == "core"
    assert package["unzipped_size"] > 600
    assert document["layers"][0]["verdict"] == "fits"


@pytest.mark.slow
def test_slim_can_be_tried_out_on_the_command_line(folder: Path) -> None:
    def size(*words: str) -> int:
        found = json.loads(run("size", "web", "--json", *words).stdout)
        return int(found["layers"][0]["unzipped_size"])

    with_tests, without_tests = size("--slim", ""), size("--slim", "tests")
    assert with_tests - without_tests > 1800
    assert size("--exclude", "core/") < size()
    assert "is none of boto" in run("size", "web", "--slim", "fat").stderr


def test_errors_are_one_message(folder: Path) -> None:
    refused = run("size", "nowhere-to-be-found")
    assert refused.exit_code == 1
    assert refused.stderr.count("expected:") == 1
    assert "nowhere-to-be-found" in refused.stderr
    assert run("size", "two words").exit_code == 1


def test_the_check_passes_for_what_fits(folder: Path) -> None:
    assert run("size", "web", "--check").exit_code == 0


def test_pictures_are_written_beside_the_answer(folder: Path) -> None:
    shown = run("size", "web", "--html", "page.html", "--svg", "picture.svg", "--json")
    assert shown.exit_code == 0, shown.stderr
    assert json.loads(shown.stdout)["layers"][0]["name"] == "web"
    assert "core" in (folder / "page.html").read_text()
    assert (folder / "picture.svg").read_text().startswith("<svg")


DATA = """
[layers.data]
dependencies = ["{wanted}"]
python = ["3.12"]
architecture = "arm64"
functions = ["api"]
"""


@pytest.mark.slow
def test_other_layers_for_the_same_function_are_counted_though_one_is_asked_about(
    folder: Path, make_wheel: MakeWheel, shelf: Path
) -> None:
    wheel = make_wheel(shelf, "data")
    with zipfile.ZipFile(wheel, "a", zipfile.ZIP_DEFLATED) as archive:
        for number in range(300):
            archive.writestr(f"data/{number}.bin", bytes(1_000_000))
    toml = f'{TOML}functions = ["api"]\n'
    (folder / "layers.toml").write_text(toml + DATA.format(wanted="data"))

    shown = run("size", "web", "--check")
    assert shown.exit_code == 1
    assert "too large: " in shown.stdout
    assert "function api gets web, data: 300," in shown.stdout
    assert "function api gets web, data: 300," in shown.stderr
    (web,) = json.loads(run("size", "web", "--json").stdout)["layers"]
    assert web["shared"]["function"] == "api"
    assert web["shared"]["layers"] == ["web", "data"]
    assert web["shared"]["unzipped_size"] > 300_000_000 > web["unzipped_size"]
    assert web["shared"]["fits"] is False

    (folder / "layers.toml").write_text(toml + DATA.format(wanted="not-to-be-found"))
    (web,) = json.loads(run("size", "web", "--json").stdout)["layers"]
    assert (web["verdict"], web["shared"]) == ("fits", None)
    assert "data, for the same function, is not counted" in web["notes"][0]
