"""Compiling while the layer is slimmed, and the import check that takes what is ready."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from builder.worker import interpreters
from builder.worker.audit import ahead, compiler, imports
from builder.worker.audit.ahead import Ahead
from tests.patience import wait_until
from tests.worker.audit.test_imports import SOURCES

MODULES = list(SOURCES)


def lay(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(parents=True)
    for name, source in files.items():
        (folder / f"{name}.py").write_text(source)
    return folder


def compiled(folder: Path, names: list[str]) -> Path:
    """Compile all of a folder, and wait for these files."""
    with Ahead() as running:
        running.start(interpreters.running(), folder, folder)
        place = running.made
        wait_until(lambda: all((place / f"{name}.pyc").exists() for name in names))
        kept = folder.with_name("kept")
        running.end()
        shutil.copytree(running.made, kept)
    assert not place.exists()
    return kept


def test_what_was_made_is_gone_once_nothing_imports_it_any_more(tmp_path: Path) -> None:
    layer = lay(tmp_path / "python", {"mine": ""})
    with Ahead() as running:
        running.start(interpreters.running(), layer, layer)
        wait_until((running.made / "mine.pyc").exists)

        running.close()

        assert not running.made.parent.exists()


def test_the_check_says_the_same_with_what_was_compiled_ahead(tmp_path: Path) -> None:
    layer = lay(tmp_path / "python", SOURCES)
    kept = compiled(layer, [name for name in SOURCES if name != "broken"])

    alone = imports.check(interpreters.running(), layer, MODULES)
    helped = imports.check(interpreters.running(), layer, MODULES, compiled=kept)

    assert (helped.imported, helped.failures) == (alone.imported, alone.failures)
    assert (helped.start, helped.stdlib) == (alone.start, alone.stdlib)
    assert not (layer / "__pycache__").exists()


def test_what_was_compiled_ahead_is_what_the_check_loads(tmp_path: Path) -> None:
    layer = lay(tmp_path / "python", {"mine": "raise ValueError('compiled')"})
    kept = compiled(layer, ["mine"])
    other = lay(tmp_path / "other", {"mine": "raise ValueError('another')"})
    compiler.main(str(other), str(tmp_path / "forged"))
    # The code of another source, under the hash of ours: nothing but this shows which was loaded.
    head, code = (kept / "mine.pyc").read_bytes()[:16], (tmp_path / "forged/mine.pyc").read_bytes()
    (kept / "mine.pyc").write_bytes(head + code[16:])

    report = imports.check(interpreters.running(), layer, ["mine"], compiled=kept)

    assert report.failures[0].message == "ValueError: another"


def test_a_source_that_has_changed_since_is_what_the_check_imports(tmp_path: Path) -> None:
    layer = lay(tmp_path / "python", {"mine": "raise ValueError('before')"})
    kept = compiled(layer, ["mine"])
    times = (layer / "mine.py").stat()
    (layer / "mine.py").write_text("raise ValueError('after!')")
    os.utime(layer / "mine.py", ns=(times.st_atime_ns, times.st_mtime_ns))

    report = imports.check(interpreters.running(), layer, ["mine"], compiled=kept)

    assert report.failures[0].message == "ValueError: after!"


def test_a_file_that_was_slimmed_away_is_gone_however_it_was_compiled(tmp_path: Path) -> None:
    layer = lay(tmp_path / "python", {"mine": "import gone", "gone": ""})
    kept = compiled(layer, ["mine", "gone"])
    (layer / "gone.py").unlink()

    report = imports.check(interpreters.running(), layer, ["mine"], compiled=kept)

    assert report.failures[0].missing == "gone"


def test_modules_of_a_version_of_its_own_are_found(tmp_path: Path) -> None:
    here = interpreters.running()
    python = tmp_path / "python"
    root = lay(python / "lib" / f"python{here.version}" / "site-packages", {"mine": "x = 1"})
    with Ahead() as running:
        running.start(here, python, root)
        place = running.made / root.relative_to(python) / "mine.pyc"
        wait_until(place.exists)


@pytest.mark.parametrize("program", ["sleeping", "deaf", "absent", "failing"])
def test_what_does_not_end_or_start_neither_stays_nor_stops_the_build(
    tmp_path: Path, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "PATIENCE", 5.0)
    script = tmp_path / program
    if program != "absent":
        trap = "trap '' TERM\n" if program == "deaf" else ""
        last = "exit 3" if program == "failing" else "while :; do sleep 1; done"
        script.write_text(f"#!/bin/sh\n{trap}{last}\n")
        script.chmod(0o755)
    layer = lay(tmp_path / "python", {"mine": ""})
    with Ahead() as running:
        running.start(replace(interpreters.running(), path=str(script)), layer, layer)
        (process,) = running._running
        running.end()
        assert list(running.made.rglob("*.pyc")) == []
        assert process.poll() is not None


def test_nothing_is_left_when_the_build_fails(tmp_path: Path) -> None:
    layer = lay(tmp_path / "python", {"mine": ""})
    running = Ahead()

    def build() -> None:
        with running:
            running.start(interpreters.running(), layer, layer)
            started.extend(running._running)
            raise RuntimeError

    started: list[subprocess.Popen[bytes]] = []
    with pytest.raises(RuntimeError):
        build()
    assert [process.poll() is not None for process in started] == [True]
    assert not running._folder.exists()
