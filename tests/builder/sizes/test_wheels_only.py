import tomllib
from pathlib import Path
from typing import Any

import pytest

from builder.errors import LayerError
from builder.sizes.predict import predict
from builder.sizes.wheels_only import TransientError, as_list
from tests.builder.conftest import spec_of, write_tree
from tests.builder.sizes.conftest import Serve, source_alone
from tests.worker.conftest import MakeWheel

BACKEND = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
PROJECT: dict[str, Any] = {"name": "mine", "version": "1", "dependencies": ["web[more]>=1"]}


def test_a_package_is_what_its_pyproject_lists() -> None:
    extras = {"all": ["a", "b"], "none": []}
    listed = as_list({"project": {**PROJECT, "optional-dependencies": extras}, "tool": {}})

    assert listed is not None
    assert tomllib.loads(listed)["project"] == {
        "name": "mine", "version": "0", "dependencies": ["web[more]>=1"],
        "optional-dependencies": extras,
    }  # fmt: skip


def test_a_project_of_poetry_is_listed_too() -> None:
    poetry = {"name": "mine", "version": "1", "dependencies": {"python": "^3.11", "web": "^1.2"}}
    listed = as_list({"tool": {"poetry": poetry}})

    assert listed is not None
    (line,) = tomllib.loads(listed)["project"]["dependencies"]
    assert line.startswith("web")


@pytest.mark.parametrize(
    "document",
    [
        {"project": {**PROJECT, "dynamic": ["dependencies"]}},
        {"project": {**PROJECT, "dynamic": ["optional-dependencies"]}},
        {"project": PROJECT, "tool": {"uv": {"sources": {"web": {"path": "../web"}}}}},
        {"tool": {"poetry": {"name": "mine", "dependencies": {"web": {"path": "../web"}}}}},
        {"build-system": {"requires": ["setuptools"]}},
    ],
)
def test_what_only_a_build_backend_knows_is_not_listed(document: dict[str, Any]) -> None:
    assert as_list(document) is None


@pytest.mark.slow
def test_no_code_of_a_package_runs(
    make_wheel: MakeWheel, shelf: Path, serve: Serve, tmp_path: Path
) -> None:
    make_wheel(shelf, "web")
    serve(ranges=True)
    ran = tmp_path / "ran"
    pyproject = '[project]\nname = "mine"\nversion = "1"\n{}\n' + BACKEND
    backend = f"open({str(ran)!r}, 'w')\n"
    root = tmp_path / "root"
    write_tree(root, {"mine/backend.py": backend, "mine/mine/__init__.py": "x = 1\n"})

    write_tree(root, {"mine/pyproject.toml": pyproject.format('dependencies = ["web"]')})
    found = predict(spec_of(package="mine"), root, builds=False)
    assert [package.name for package in found.targets[0].packages] == ["web"]
    assert any("not counted" in note for note in found.notes)

    write_tree(root, {"mine/pyproject.toml": pyproject.format('dynamic = ["dependencies"]')})
    with pytest.raises(LayerError, match="mine has to be built"):
        predict(spec_of(package="mine"), root, builds=False)
    write_tree(root, {"requirements.txt": "./mine\n"})
    with pytest.raises(LayerError):
        predict(spec_of(requirements=("requirements.txt",)), root, builds=False)
    assert not ran.exists()


def test_an_index_that_does_not_answer_is_passing_trouble(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/packages")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(LayerError) as caught:
        predict(spec_of(dependencies=("web",)), tmp_path, builds=False)
    assert isinstance(caught.value.__cause__, TransientError)


def test_a_package_that_is_not_there_is_no_passing_trouble(serve: Serve, tmp_path: Path) -> None:
    serve(ranges=True)
    with pytest.raises(LayerError, match="there is no package web") as caught:
        predict(spec_of(dependencies=("web",)), tmp_path, builds=False)
    assert not isinstance(caught.value.__cause__, TransientError)


def test_a_package_without_a_wheel_is_named_as_such(
    shelf: Path, serve: Serve, tmp_path: Path
) -> None:
    source_alone(shelf, "old", tmp_path)
    serve(ranges=True)
    with pytest.raises(
        LayerError, match=r"old has no wheel for python3\.12 on arm64, and has to be"
    ):
        predict(spec_of(dependencies=("old",)), tmp_path, builds=False)
