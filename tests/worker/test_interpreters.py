import sys
from dataclasses import replace
from pathlib import Path

import pytest

from builder.worker import interpreters
from builder.worker.request import Target

RUNNING = interpreters.running()


def test_the_running_interpreter_is_the_targets(here: Target) -> None:
    found = interpreters.find(here)

    assert found is not None
    assert found.path == sys.executable


def test_no_interpreter_is_of_a_foreign_machine(foreign: Target) -> None:
    assert interpreters.find(foreign) is None


def test_a_command_that_is_not_what_its_name_says_is_not_taken(
    here: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "python3.99"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert interpreters.find(replace(here, python="3.99")) is None

    broken.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    assert interpreters.find(replace(here, python="3.99")) is None


def test_a_version_that_pyenv_has_and_does_not_choose_is_found(
    here: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its shims start the chosen version alone, as in CodeBuild's own images."""
    version = f"{here.python}.99"
    place = tmp_path / ".pyenv" / "versions" / version / "bin" / f"python{here.python}"
    place.parent.mkdir(parents=True)
    place.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    place.chmod(0o755)
    shim = tmp_path / f"python{here.python}"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    monkeypatch.setattr(interpreters, "running", lambda: replace(RUNNING, version="3.0"))

    found = interpreters.find(here)

    assert found is not None
    assert found.path == str(place)
