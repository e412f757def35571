import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from builder.worker.contents import elf
from tests.patience import PATIENCE


@pytest.fixture
def library(tmp_path: Path, native_library: bytes) -> Path:
    path = tmp_path / "native.so"
    path.write_bytes(native_library)
    return path


def test_what_is_not_elf_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.so").write_text("INPUT(libc.so.6)")
    (tmp_path / "empty").touch()

    assert elf.read(tmp_path / "a.so") is None
    assert elf.read(tmp_path / "empty") is None


@pytest.mark.skipif(not shutil.which("readelf"), reason="readelf (binutils) is not here to compare")
def test_a_library_is_read_as_readelf_reads_it(library: Path) -> None:
    said = subprocess.run(
        ["readelf", "-dVW", str(library)],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    ).stdout
    needed = [line.split("[")[1].rstrip("]") for line in said.splitlines() if "(NEEDED)" in line]
    names = {line.split("Name: ")[1].split()[0] for line in said.splitlines() if "Name: " in line}

    read = elf.read(library)

    assert read is not None
    assert list(read.needed) == needed
    assert {version for _, version in read.versions} == names


def test_versions_are_ordered_as_numbers() -> None:
    read = elf.Elf("x86_64", versions=(("libc.so.6", "GLIBC_2.4"), ("libc.so.6", "GLIBC_2.17")))

    assert read.versions_of("GLIBC") == ["2.4", "2.17"]
    assert read.versions_of("GLIBCXX") == []


def test_the_machine_is_named(library: Path) -> None:
    data = bytearray(library.read_bytes())
    data[18:20] = (183).to_bytes(2, "little")
    library.write_bytes(data)

    read = elf.read(library)

    assert read is not None
    assert read.machine == "aarch64"


@pytest.mark.parametrize("length", [4, 20, 64, 2000])
def test_a_file_that_ends_too_early_is_called_damaged(library: Path, length: int) -> None:
    library.write_bytes(library.read_bytes()[:length])

    with pytest.raises(elf.ElfError, match=r"native\.so is a damaged ELF file"):
        elf.read(library)


def test_every_program_of_this_machine_can_be_read() -> None:
    read = [elf.read(path) for path in Path("/usr/bin").iterdir() if path.is_file()]

    assert any(read)


def _endless(versions: bool) -> bytes:
    """Return a file of 16 MB without a last entry: in its dynamic section, or in its versions."""
    size = 16 << 20
    header = bytearray(64)
    header[:6] = b"\x7fELF\x02\x01"
    header[18:20] = (62).to_bytes(2, "little")
    header[32:40] = (64).to_bytes(8, "little")
    header[54:58] = struct.pack("<HH", 0 if not versions else 56, 0xFFFF if not versions else 2)
    dynamic = struct.pack("<IIQQQQQQ", 2, 0, 4096, 4096, 0, 64 if versions else size - 4096, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 0, 0, 0, 0, size, size, 0)
    content = bytearray(bytes(header) + dynamic + load).ljust(size, b"\x01")
    if versions:
        entries = ((5, 8192), (0x6FFFFFFE, 12288), (0x6FFFFFFF, 2**64 - 1), (0, 0))
        content[4096:4160] = b"".join(struct.pack("<QQ", *entry) for entry in entries)
        content[8192:8200] = bytes(8)
        # Each entry says that it has 65,535 more, one byte on.
        content[12288:] = struct.pack("<HHIII", 1, 0xFFFF, 0, 1, 16) * ((size - 12288) // 16)
    return bytes(content)


@pytest.mark.parametrize("versions", [False, True])
def test_tables_without_an_end_are_called_damaged(tmp_path: Path, versions: bool) -> None:
    (tmp_path / "a.so").write_bytes(_endless(versions))

    with pytest.raises(elf.ElfError, match="damaged ELF file"):
        elf.read(tmp_path / "a.so")


@pytest.mark.parametrize(("entries", "read"), [(65_536, True), (65_537, False)])
def test_so_many_entries_are_read_and_no_more(tmp_path: Path, entries: int, read: bool) -> None:
    """In figures, as docs/security.md has them; the last one says that there are no more."""
    header = bytearray(64)
    header[:6] = b"\x7fELF\x02\x01"
    header[18:20] = (62).to_bytes(2, "little")
    header[32:40] = (64).to_bytes(8, "little")
    header[54:58] = struct.pack("<HH", 56, 1)
    dynamic = struct.pack("<IIQQQQQQ", 2, 0, 120, 120, 0, 16 * entries, 0, 0)
    listed = struct.pack("<QQ", 21, 0) * (entries - 1) + struct.pack("<QQ", 0, 0)
    file = tmp_path / "a.so"
    file.write_bytes(bytes(header) + dynamic + listed)

    if read:
        assert elf.read(file) == elf.Elf("x86_64")
    else:
        with pytest.raises(elf.ElfError, match="its tables have more than 65,536 entries"):
            elf.read(file)
