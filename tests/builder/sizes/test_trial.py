from __future__ import annotations

import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from builder.errors import LayerError
from builder.sizes import trial
from builder.sizes.predict import predict
from builder.sizes.trial import run
from tests.builder.conftest import spec_of, write_tree
from tests.builder.sizes.conftest import Serve
from tests.worker.conftest import UV, MakeTools, MakeWheel


@pytest.fixture(autouse=True)
def tools(make_tools: MakeTools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pinned tools, as every test of the worker has them: a test downloads nothing."""
    place = tmp_path / "with-tools"
    (place / ".tools/bin").mkdir(parents=True)
    for entry in make_tools(sys.executable).iterdir():
        (place / ".tools" / entry.name).symlink_to(entry)
    (place / ".tools/bin/uv").symlink_to(UV)
    monkeypatch.setattr(trial, "with_tools", lambda log: place)


def mine() -> dict[str, Any]:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    machine = {"aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    return {"python": (version,), "architecture": machine}


@pytest.mark.slow
def test_the_zip_is_left_and_is_what_was_predicted(
    make_wheel: MakeWheel, shelf: Path, serve: Serve, tmp_path: Path
) -> None:
    make_wheel(shelf, "web", files={"web/__init__.py": "import core\n"}, requires=("core",))
    make_wheel(shelf, "core")
    serve(ranges=True)
    spec = spec_of(dependencies=("web",), **mine())
    said: list[str] = []
    made = run(spec, tmp_path, tmp_path / "left", said.append)
    assert made.size == predict(spec, tmp_path).size
    assert made.fits
    assert [name for name, *_ in made.packages] == ["core", "web"]
    assert made.only_there == ()
    assert any("importing" in line for line in said)
    with zipfile.ZipFile(tmp_path / "left/layer.zip") as archive:
        assert "python/web/__init__.py" in archive.namelist()
    assert not (tmp_path / "left/provenance.json").exists()
    assert json.loads((tmp_path / "left/manifest.json").read_text())["fingerprint"] == "0" * 64


@pytest.mark.slow
def test_what_only_codebuild_can_tell_is_said(
    make_wheel: MakeWheel, shelf: Path, serve: Serve, tmp_path: Path
) -> None:
    make_wheel(shelf, "core")
    serve(ranges=True)
    script = write_tree(tmp_path / "p", {"setup.sh": f"touch {tmp_path / 'ran'}\n"})
    other = "x86_64" if mine()["architecture"] == "arm64" else "arm64"
    spec = spec_of(
        dependencies=("core",),
        architecture=other,
        system_packages=("libxml2",),
        pre_install="setup.sh",
        include=("lib",),
    )
    made = run(spec, script, tmp_path / "left", lambda _: None)
    text = "\n".join(made.only_there)
    assert f"no interpreter of python3.12 on {other}" in text
    assert "libxml2" in text
    assert "setup.sh does: it did not run here" in text
    assert "lib/ gets" in text
    assert not (tmp_path / "ran").exists()


def test_what_is_compiled_here_says_nothing_of_the_build(
    shelf: Path, serve: Serve, make_wheel: MakeWheel, tmp_path: Path
) -> None:
    text = ("core has no wheel for python3.12 on arm64; it is built from source",)
    (line,) = trial._only_there(spec_of(), text, ())
    assert "what core becomes" in line


@pytest.mark.slow
def test_what_the_worker_refuses_is_one_error_in_its_words(
    make_wheel: MakeWheel, shelf: Path, serve: Serve, tmp_path: Path
) -> None:
    make_wheel(shelf, "broken", files={"broken/__init__.py": "import nothing_like_it\n"})
    serve(ranges=True)
    said: list[str] = []
    with pytest.raises(LayerError, match="broken cannot be imported") as refused:
        run(spec_of(dependencies=("broken",), **mine()), tmp_path, tmp_path / "left", said.append)
    assert "nothing_like_it" in refused.value.where
    assert refused.value.fix
    assert not any("ERROR" in line for line in said)
    assert not (tmp_path / "left").exists()


def test_the_worker_gets_nothing_of_an_aws_account(
    make_wheel: MakeWheel,
    shelf: Path,
    serve: Serve,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_wheel(shelf, "core")
    serve(ranges=True)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    monkeypatch.setattr(
        trial, "PROGRAM", "import os; print(sorted(os.environ)); raise SystemExit(1)"
    )
    with pytest.raises(LayerError) as refused:
        run(spec_of(dependencies=("core",)), tmp_path, tmp_path / "left", lambda _: None)
    assert "PATH" in refused.value.where
    assert "AWS_SECRET" not in refused.value.where


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_one_error(
    make_wheel: MakeWheel, shelf: Path, serve: Serve, tmp_path: Path
) -> None:
    make_wheel(shelf, "core")
    serve(ranges=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(LayerError, match="cannot be left there"):
        run(spec_of(dependencies=("core",)), tmp_path, tmp_path / "file/x", lambda _: None)
