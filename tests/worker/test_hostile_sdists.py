"""Source distributions whose archive has members that leave it, links, pipes and devices.

uv unpacks them in the cage; each is also tried on a kernel without Landlock, where uv alone is in
the way. Nothing outside of the archive's own folder is written, nor gets into a layer.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.worker.hostile import evil_sdist
from tests.worker.samples import offline
from tests.worker.test_hostile import INNOCENT, kernels

if TYPE_CHECKING:
    from tests.worker.conftest import Bundle, MakeBundle, MakeWheel

pytestmark = pytest.mark.slow

SECRET = "a file of the machine"

Add = Callable[[tarfile.TarFile, Path], None]


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", text: str = "") -> Add:
    """Return what adds one member; ``{outside}`` is a folder that is nobody's business."""

    def add(archive: tarfile.TarFile, outside: Path) -> None:
        info = tarfile.TarInfo(name.format(outside=outside))
        info.type, info.linkname, info.size = kind, link.format(outside=outside), len(text)
        info.devmajor, info.devminor = 1, 5
        archive.addfile(info, io.BytesIO(text.encode()))

    return add


def both(*adding: Add) -> Add:
    def add(archive: tarfile.TarFile, outside: Path) -> None:
        for each in adding:
            each(archive, outside)

    return add


MEMBERS: dict[str, Add] = {
    "a file above": member("../../../../escaped.py", text="x = 1"),
    "a file above, from inside": member("evil-1.0/../../../../escaped.py", text="x = 1"),
    "an absolute file": member("{outside}/escaped.py", text="x = 1"),
    "a link out and a file through it": both(
        member("evil-1.0/way", tarfile.SYMTYPE, "{outside}"),
        member("evil-1.0/way/escaped.py", text="x = 1"),
    ),
    "a link to a file of the machine": member(
        "evil-1.0/evil.py", tarfile.SYMTYPE, "{outside}/secret.py"
    ),
    "a hard link to a file of the machine": member(
        "evil-1.0/evil.py", tarfile.LNKTYPE, "{outside}/secret.py"
    ),
    "a pipe": member("evil-1.0/pipe", tarfile.FIFOTYPE),
    "a device": member("evil-1.0/zero", tarfile.CHRTYPE),
    "a name of several lines": member("evil-1.0/a\nb.py", text="x = 1"),
    "a name of 255 bytes": member(f"evil-1.0/{'x' * 252}.py", text="x = 1"),
}

TAKES_WHAT_IS_THERE = """
return pathlib.Path("evil.py").read_text() if pathlib.Path("evil.py").exists() else None
"""


@pytest.fixture
def bundle(make_bundle: MakeBundle, make_wheel: MakeWheel) -> Bundle:
    """A bundle with an index that has an innocent wheel."""
    bundle = make_bundle(requirements=["requirements.txt"])
    make_wheel(bundle.path / "project" / "wheels", "innocent", files=INNOCENT)
    offline(bundle, "innocent\nevil")
    return bundle


@kernels
@pytest.mark.parametrize("add", MEMBERS.values(), ids=list(MEMBERS))
def test_a_member_reaches_nothing_outside_of_its_archive(
    bundle: Bundle, tmp_path: Path, add: Add, before: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text(f"SECRET = {SECRET!r}\n")
    links = bundle.path / "project" / "wheels"
    evil_sdist(links, TAKES_WHAT_IS_THERE)
    file = links / "evil-1.0.tar.gz"
    with tarfile.open(file) as archive:
        kept = [(info, archive.extractfile(info)) for info in archive]
        contents = [(info, packed.read()) for info, packed in kept if packed]
    with tarfile.open(file, "w:gz") as archive:
        for info, content in contents:
            archive.addfile(info, io.BytesIO(content))
        add(archive, outside)

    result = bundle.run(before=before)

    assert [path.name for path in outside.iterdir()] == ["secret.py"]
    assert list(tmp_path.rglob("escaped.py")) == []
    if result.status == 0:
        python = result.unpack(tmp_path / "opt")
        assert (python / "innocent.py").read_text() == INNOCENT["innocent.py"]
        assert SECRET not in (python / "evil.py").read_text()
        names = {name for name in result.names if ".dist-info/" not in name}
        assert names == {"python/evil.py", "python/innocent.py"}
    else:
        assert result.errors.startswith("ERROR: ")
        assert "evil" in result.errors
        assert "Traceback" not in result.errors
        assert not (result.out / "layer.zip").exists()
