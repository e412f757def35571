from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from builder.inputs.publisher_code import PUSHER, files_of, zip_of
from builder.inputs.pusher_code import COMMAND, pusher_zip
from embedded.ministack import lambda_runtime
from tests.patience import PATIENCE


def names() -> set[str]:
    with zipfile.ZipFile(io.BytesIO(pusher_zip())) as archive:
        return set(archive.namelist())


@pytest.mark.slow
def test_the_program_starts_with_boto3_and_what_is_packed_alone(tmp_path: Path) -> None:
    code = tmp_path / "code"
    zipfile.ZipFile(io.BytesIO(pusher_zip())).extractall(code)
    python = lambda_runtime.create(tmp_path / "runtime")

    done = subprocess.run(
        [str(python), *COMMAND.split()[1:]],
        cwd=code, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stdout.startswith("ERROR: the order to push an image cannot be read"), done.stderr


def test_nothing_of_the_record_of_builds_or_of_other_packages_is_packed() -> None:
    rooms = {name.split("/")[1] for name in names() if name.count("/") > 1}

    assert {name.partition("/")[0] for name in names()} == {"builder"}
    assert rooms == {"aws", "images", "protocol", "pusher", "spec"}
    assert not {f"builder/aws/{name}.py" for name in ("codebuild", "layers", "functions")} & names()


def test_it_is_small_and_names_no_place_of_this_machine() -> None:
    content = pusher_zip()

    assert content == zip_of(files_of(PUSHER))
    assert len(content) < 300_000
    for place in (sys.prefix, str(Path(__file__).parents[3])):
        assert place.encode() not in content
