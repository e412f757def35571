from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from builder.inputs.publisher_code import HANDLER, publisher_files
from builder.inputs.pusher_code import pusher_zip
from embedded.ministack import lambda_runtime
from tests.patience import PATIENCE

LOOK = """
import json, sys
from builder.publisher.function import handler
import builder.layer.image_versions, builder.pusher.__main__  # what only images need
import builder.inputs.poetry_dependencies  # and lists of dependencies
ours = [n for n in sys.modules if n.partition(".")[0] in ("builder", "packaging")]
print(json.dumps({n: sys.modules[n].__file__ for n in ours}))
"""


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return publisher_files()


@pytest.mark.slow
def test_the_handler_starts_with_lambdas_own_packages_and_what_is_packed(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    code = tmp_path / "code"
    for path, content in files.items():
        (code / path).parent.mkdir(parents=True, exist_ok=True)
        (code / path).write_bytes(content)
    python = lambda_runtime.create(tmp_path / "runtime")

    done = subprocess.run(
        [str(python), "-B", "-c", LOOK],
        cwd=code, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout)
    assert all(Path(file).is_relative_to(code) for file in loaded.values())
    # Nothing of ours is carried along that is not used, nor what other packages have besides.
    used = {str(Path(file).relative_to(code)) for file in loaded.values()}
    assert {path for path in files if path.startswith("builder/")} <= used
    assert {path for path in used if path.startswith("packaging/")} <= set(files)
    assert not [path for path in files if path.startswith(("packaging/licenses", "packaging/meta"))]
    assert HANDLER == "builder.publisher.function.handler"


@pytest.mark.slow
def test_it_brings_the_program_that_pushes_images_as_a_hook_does(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    look = "from builder.inputs.pusher_code import pusher_zip as made; import sys"
    look += "; sys.stdout.buffer.write(made())"

    done = subprocess.run(
        [sys.executable, "-B", "-c", look],
        cwd=tmp_path, capture_output=True, check=False, timeout=PATIENCE,
    )  # fmt: skip

    assert done.stdout == pusher_zip(), done.stderr


def test_neither_command_line_nor_builds_nor_embedded_aws_is_packed(
    files: dict[str, bytes],
) -> None:
    rooms = {path.split("/")[1] for path in files if path.startswith("builder/")}
    assert not {"cli.py", "commands", "report", "hook.py", "operations"} & rooms
    # Exclude patterns and requirements files are read by the same rules here and there; program
    # says which worker a fingerprint is of.
    start = "builder/worker/"
    worker = {path.removeprefix(start) for path in files if path.startswith(start)}
    assert {path for path in worker if not path.endswith("__init__.py")} == {
        "program.py",
        "resolve/requirements_text.py",
        "slim/ignore.py",
    }
    assert {path.partition("/")[0] for path in files} == {"builder", "packaging"}


def test_each_file_is_read_once(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    whole = Path.read_bytes

    def counted(path: Path) -> bytes:
        read.append(path)
        return whole(path)

    monkeypatch.setattr(Path, "read_bytes", counted)

    assert publisher_files() == files
    assert len(read) == len(set(read)) == len(files)


def test_what_is_packed_is_small_and_names_no_place_of_this_machine(
    files: dict[str, bytes],
) -> None:
    assert sum(map(len, files.values())) < 1_050_000
    assert all(path.endswith(".py") for path in files)
    for place in (sys.prefix, str(Path(__file__).parents[3])):
        assert not [path for path, content in files.items() if place.encode() in content]
