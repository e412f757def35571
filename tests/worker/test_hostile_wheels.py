"""Wheels whose members are no files of a package: nothing is written or read elsewhere."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.worker.samples import offline

if TYPE_CHECKING:
    from tests.worker.conftest import MakeBundle, MakeWheel


def member(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


@pytest.mark.parametrize(
    "name", ["../../../escaped.py", "{outside}/escaped.py", "evil/../../../../escaped.py"]
)
def test_a_member_that_leaves_the_folder_is_not_written(
    make_bundle: MakeBundle, make_wheel: MakeWheel, tmp_path: Path, name: str
) -> None:
    bundle = make_bundle(requirements=["requirements.txt"])
    wheel = make_wheel(bundle.path / "project" / "wheels", "evil")
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(member(name.format(outside=tmp_path)), "escaped = True")
    offline(bundle, "evil")

    ended = bundle.run()

    written = [path for path in tmp_path.rglob("escaped.py") if "bundle" not in path.parts]
    assert written == []
    assert ended.status == 0, ended.errors  # uv leaves such members out
    assert not [each for each in ended.names if "escaped" in each or ".." in each]


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../request.json"])
def test_a_link_in_a_wheel_brings_no_file_of_the_machine(
    make_bundle: MakeBundle, make_wheel: MakeWheel, target: str
) -> None:
    bundle = make_bundle(requirements=["requirements.txt"])
    wheel = make_wheel(bundle.path / "project" / "wheels", "evil")
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(member("evil/link.txt", stat.S_IFLNK | 0o777), target)
    offline(bundle, "evil")

    ended = bundle.run()

    assert ended.status == 0, ended.errors
    with zipfile.ZipFile(ended.out / "layer.zip") as archive:
        # The link's own text, as a file: what it points at is not there.
        assert archive.read("python/evil/link.txt") == target.encode()
