import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from builder.inputs.fingerprint import inputs_of
from builder.inputs.worker_program import worker, worker_version
from builder.worker import program
from tests.builder.conftest import spec_of
from tests.patience import PATIENCE

VERSION = "from worker import program; print(program.version())"


def run(code: str, folder: Path, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **variables},
        timeout=PATIENCE,
    )
    return done.stdout.strip()


@pytest.mark.slow
def test_the_worker_runs_from_its_one_file_without_our_packages(tmp_path: Path) -> None:
    (tmp_path / "worker.pyz").write_bytes(worker())

    done = subprocess.run(
        [sys.executable, "-I", "-S", "worker.pyz", "build"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )

    assert done.returncode != 0
    assert "request.json" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("version", [worker_version(), "0" * 12], ids=["own", "another"])
def test_the_worker_starts_from_what_its_own_tools_phase_unpacked(
    tmp_path: Path, version: str
) -> None:
    (tmp_path / "worker.pyz").write_bytes(worker())
    unpacked = tmp_path / ".tools" / f"worker-{version}" / "worker"
    unpacked.mkdir(parents=True)
    (unpacked / "__init__.py").touch()
    (unpacked / "__main__.py").write_text("def main(): print('unpacked')")

    done = subprocess.run(
        [sys.executable, "worker.pyz", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )

    assert (done.stdout == "unpacked\n") == (version == worker_version())


def test_the_worker_holds_no_bytecode() -> None:
    names = zipfile.ZipFile(io.BytesIO(worker())).namelist()

    assert "__main__.py" in names
    assert not [name for name in names if name.endswith(".pyc") or "__pycache__" in name]


def test_the_workers_version_is_the_same_in_every_process() -> None:
    code = "from builder.inputs.worker_program import worker_version; print(worker_version())"

    assert run(code, Path.cwd(), PYTHONHASHSEED="7") == worker_version()


def test_a_build_finds_the_version_that_the_fingerprint_has(tmp_path: Path) -> None:
    (tmp_path / "worker.pyz").write_bytes(worker())

    found = run(VERSION, tmp_path, PYTHONPATH="worker.pyz")

    assert json.dumps(found) == inputs_of(spec_of(), ()).settings["worker"]


def test_a_worker_with_another_file_in_a_subfolder_has_another_version(tmp_path: Path) -> None:
    versions = []
    for text in ("x = 1\n", "x = 2\n"):
        path = tmp_path / "worker.pyz"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in program.files().items():
                archive.writestr(f"worker/{name}", content)
            archive.writestr("worker/slim/inner/more.py", text)
        versions.append(run(VERSION, tmp_path, PYTHONPATH="worker.pyz"))

    assert len({*versions, worker_version()}) == 3
