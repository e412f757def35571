from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from builder.errors import LayerError
from builder.inputs.bundle import bundle
from builder.inputs.source_files import source_files
from builder.sizes.local_worker import opened, unpack
from builder.spec.layer_spec import Index
from builder.worker.errors import BuildError
from tests import small_disk
from tests.builder.conftest import spec_of, write_tree


def test_the_environment_and_the_folder_are_as_before_afterwards(tmp_path: Path) -> None:
    index = Index(name="house", url="https://packages.example.test/packages")
    before = dict(os.environ)
    with opened(spec_of(indexes=(index,)), tmp_path, print) as here:
        assert "packages.example.test" in os.environ["UV_INDEX"]
        place = here.path
        assert (place / "request.json").is_file()
    assert dict(os.environ) == before
    assert not place.exists()


def test_what_the_worker_refuses_is_an_error_of_the_layer_without_passwords(
    tmp_path: Path,
) -> None:
    with pytest.raises(LayerError) as refused, opened(spec_of(), tmp_path, print):
        raise BuildError("no", where="https://me:s3cret@example.test/", expected="e", fix="f")
    assert refused.value.where == "layer 'web': https://***@example.test/"
    assert (refused.value.expected, refused.value.fix) == ("e", "f")


def test_programs_of_the_project_can_still_be_run(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"src/pyproject.toml": "[project]\nname='a'\nversion='1'\n",
                                       "src/a.py": "", "src/run.sh": "#!/bin/sh\n"})  # fmt: skip
    (root / "src/run.sh").chmod(0o755)
    spec = spec_of(package="src")
    unpack(bundle(spec, root, source_files(spec, root), "0" * 64), tmp_path / "out")
    assert os.access(tmp_path / "out/project/src/run.sh", os.X_OK)
    assert not os.access(tmp_path / "out/project/src/a.py", os.X_OK)


OPENS = """
import sys
from pathlib import Path
from builder.errors import LayerError
from builder.sizes.local_worker import opened
from builder.spec.layer_spec import LayerSpec
try:
    with opened(LayerSpec("web", ("3.12",), "arm64", dependencies=("six",)), Path(), print):
        pass
except LayerError as error:
    print(error)
"""


def test_where_a_bundle_has_no_room_it_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    disk, root = tmp_path / "disk", str(Path(__file__).parents[3])

    ended = small_disk.run(
        disk, "64k", [sys.executable, "-c", OPENS], env={"TMPDIR": str(disk), "PYTHONPATH": root}
    )

    assert (ended.status, ended.errors, ended.left) == (0, "", [])
    assert "there is no room for what is needed meanwhile" in ended.output
    assert "TMPDIR" in ended.output
