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


@pytest.mark.slow
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


@pytest.mark.slow
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


def odd(archive: zipfile.ZipFile) -> None:
    """Add members that are no plain files, or have times and modes that no package needs."""
    archive.writestr(member("evil/device", stat.S_IFCHR | 0o666), "")
    archive.writestr(member("evil/pipe", stat.S_IFIFO | 0o666), "")
    archive.writestr(member("evil/setuid.py", stat.S_IFREG | 0o6777), "")
    archive.writestr(member("evil/Case.txt"), "upper")
    archive.writestr(member("evil/case.txt"), "lower")
    future = member("evil/future.py")
    future.date_time = (2107, 12, 31, 23, 59, 58)
    archive.writestr(future, "")


@pytest.mark.slow
def test_members_become_plain_files_of_one_time_that_nobody_else_may_write(
    make_bundle: MakeBundle, make_wheel: MakeWheel
) -> None:
    bundle = make_bundle(requirements=["requirements.txt"])
    wheel = make_wheel(bundle.path / "project" / "wheels", "evil")
    with zipfile.ZipFile(wheel, "a") as archive:
        odd(archive)
    offline(bundle, "evil")

    ended = bundle.run()

    assert ended.status == 0, ended.errors
    with zipfile.ZipFile(ended.out / "layer.zip") as archive:
        members = archive.infolist()
        assert archive.read("python/evil/Case.txt") == b"upper"
        assert archive.read("python/evil/case.txt") == b"lower"
    assert {"python/evil/device", "python/evil/pipe", "python/evil/setuid.py"} <= ended.names
    assert {stat.S_IMODE(each.external_attr >> 16) for each in members} <= {0o644, 0o755}
    assert {stat.S_IFMT(each.external_attr >> 16) for each in members} == {stat.S_IFREG}
    assert len({each.date_time for each in members}) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["evil/a\nb.py", "evil/a\x1b]0;x\x07.py"])
def test_a_name_with_control_characters_is_refused(
    make_bundle: MakeBundle, make_wheel: MakeWheel, name: str
) -> None:
    bundle = make_bundle(requirements=["requirements.txt"])
    wheel = make_wheel(bundle.path / "project" / "wheels", "evil")
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(member(name), "")
    offline(bundle, "evil")

    ended = bundle.run()

    assert ended.status == 1
    assert "Archive contains unacceptable filename" in ended.errors
    assert not (ended.out / "layer.zip").exists()


@pytest.mark.slow
def test_a_bomb_is_refused_before_it_is_packed(
    make_bundle: MakeBundle, make_wheel: MakeWheel
) -> None:
    bundle = make_bundle(requirements=["requirements.txt"])
    wheel = make_wheel(bundle.path / "project" / "wheels", "evil")
    with (
        zipfile.ZipFile(wheel, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("evil/bomb", "w") as bomb,
    ):
        for _ in range(300):
            bomb.write(bytes(1 << 20))
    assert wheel.stat().st_size < 1 << 20
    offline(bundle, "evil")

    ended = bundle.run()

    assert ended.status == 1
    assert "the layer is too large: 314," in ended.errors
    assert not (ended.out / "layer.zip").exists()
