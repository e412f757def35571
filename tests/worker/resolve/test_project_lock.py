"""The project's own lock decides the versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from builder.inputs.locks.project_lock import locked_requirements
from builder.spec.layer_spec import LayerSpec
from builder.worker.resolve import lock
from builder.worker.resolve import project_lock as locked

PYPROJECT = """\
[project]
name = "demo"
version = "1.0"
dependencies = ["idna>=3", "colorama; sys_platform == 'win32'"]
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""


def pinned(*lines: str) -> locked.Locked:
    return locked.Locked("pkg/uv.lock", lock.parse("\n".join(lines)).pins)


def test_the_locks_hashes_replace_those_of_the_index() -> None:
    found = lock.parse("idna==3.4 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n")
    kept, lacking = locked.keep_to(pinned("idna==3.4 \\\n    --hash=sha256:aa"), found)
    assert kept.pins[0].line == "idna==3.4 \\\n    --hash=sha256:aa"
    assert lacking == []


def test_what_the_lock_does_not_have_is_named() -> None:
    _, lacking = locked.keep_to(pinned("idna==3.4"), lock.parse("idna==3.4\nsix==1.17.0\n"))
    assert lacking == ["six"]


def write_lock(bundle: Path, hashes: str = "") -> None:
    (bundle / "locked.txt").write_text(f"# pkg/uv.lock\nidna==3.4{hashes}\n")


def package() -> dict[str, str]:
    return {"pkg/pyproject.toml": PYPROJECT, "pkg/src/demo/__init__.py": ""}


@pytest.mark.slow
def test_a_layer_gets_exactly_the_locked_version(make_bundle: Any) -> None:
    bundle = make_bundle(package(), package="pkg")
    write_lock(bundle.path)
    result = bundle.run()
    assert result.status == 0, result.errors
    versions = {entry["name"]: entry["version"] for entry in result.manifest["packages"]}
    assert versions == {"demo": "1.0", "idna": "3.4"}
    assert "keeping to pkg/uv.lock" in result.output


@pytest.mark.slow
def test_a_file_that_is_not_the_locked_one_is_refused(make_bundle: Any) -> None:
    bundle = make_bundle(package(), package="pkg")
    write_lock(bundle.path, " \\\n    --hash=sha256:" + "0" * 64)
    result = bundle.run()
    assert result.status == 1
    assert "hash" in result.errors.lower()
    assert "idna" in result.errors


@pytest.mark.slow
def test_a_lock_that_lacks_a_dependency_of_a_dependency_is_refused(make_bundle: Any) -> None:
    files = package()
    files["pkg/pyproject.toml"] = PYPROJECT.replace("idna>=3", "markdown-it-py==3.0.0")
    bundle = make_bundle(files, package="pkg")
    (bundle.path / "locked.txt").write_text("# pkg/uv.lock\nmarkdown-it-py==3.0.0\n")
    result = bundle.run()
    assert result.status == 1
    assert "pkg/uv.lock does not have mdurl" in result.errors


@pytest.mark.slow
def test_more_than_the_lock_may_be_asked_for_beside_it(make_bundle: Any) -> None:
    bundle = make_bundle(
        {**package(), "more.txt": "toml==0.10.2\n"},
        package="pkg",
        requirements=["more.txt"],
        dependencies=["six==1.16.0"],
    )
    write_lock(bundle.path)
    result = bundle.run()
    assert result.status == 0, result.errors
    names = {entry["name"] for entry in result.manifest["packages"]}
    assert names == {"demo", "idna", "six", "toml"}
    assert "not in pkg/uv.lock, and resolved now: six, toml" in result.output


@pytest.mark.parametrize("python", ["3.9", "3.14"])
def test_the_bundles_form_is_what_the_worker_reads(python: str) -> None:
    spec = LayerSpec(name="web", python=(python,), architecture="arm64", package="pkg")
    content = b'[[package]]\nname = "idna"\nversion = "3.4"\nsource = { registry = "x" }\n'
    text = locked_requirements(spec, "pkg/uv.lock", content, PYPROJECT.encode()).decode()
    assert [(p.name, p.version) for p in lock.parse(text).pins] == [("idna", "3.4")]
