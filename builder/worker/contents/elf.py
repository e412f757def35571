"""What a compiled file needs to be loaded, read from its ELF headers.

The layout is that of the System V ABI ("Object files", "Dynamic linking") and, for the versions of
symbols, of the Linux Standard Base ("Symbol versioning").
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"\x7fELF"
MOST = 1 << 16
"""Entries of the tables of one file that are read: a damaged one can say that it has 2**64."""
LONGEST = 4096
"""Bytes of a name."""

MACHINES = {3: "i386", 8: "mips", 20: "ppc", 21: "ppc64le", 22: "s390x", 40: "arm", 62: "x86_64",
            183: "aarch64", 243: "riscv64", 258: "loongarch64"}  # fmt: skip

PT_LOAD, PT_DYNAMIC = 1, 2
DT_NULL, DT_NEEDED, DT_STRTAB, DT_SONAME = 0, 1, 5, 14
DT_VERNEED, DT_VERNEEDNUM = 0x6FFFFFFE, 0x6FFFFFFF


class ElfError(ValueError):
    """The file starts like an ELF file and is none."""


@dataclass(frozen=True)
class Elf:
    """One file: its machine, the libraries it needs, and which versions of their symbols."""

    machine: str
    soname: str = ""
    needed: tuple[str, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()

    def versions_of(self, family: str) -> list[str]:
        """Return the needed versions of one family, for example ``["2.17"]`` of ``GLIBC``."""
        start = family + "_"
        found = {v[len(start) :] for _, v in self.versions if v.startswith(start)}
        return sorted((v for v in found if v[:1].isdigit()), key=number)


def number(version: str) -> tuple[int, ...]:
    """Return a version like ``2.17`` in the form that compares."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def read(path: Path) -> Elf | None:
    """Read a file; return None when it is not ELF, raise ElfError when it is damaged."""
    with path.open("rb") as file:
        if file.read(4) != MAGIC:
            return None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                return _Reader(data).elf()
            except (struct.error, IndexError, OverflowError, ValueError) as error:
                raise ElfError(f"{path.name} is a damaged ELF file: {error}") from error


class _Reader:
    """Walks through the headers of one file."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._wide = data[4] == 2
        self._order = "<" if data[5] == 1 else ">"
        self._segments: list[tuple[int, int, int, int]] = []
        self._left = MOST

    def elf(self) -> Elf:
        machine = self._unpack("H", 18)[0]
        name = MACHINES.get(machine, f"machine {machine}")
        if not self._wide or self._order == ">":
            return Elf(name)
        self._segments = list(self._program_headers())
        dynamic = self._dynamic()
        if DT_STRTAB not in dynamic:
            return Elf(name)
        strings = self._offset(dynamic[DT_STRTAB][0])
        return Elf(
            name,
            self._text(strings + dynamic[DT_SONAME][0]) if DT_SONAME in dynamic else "",
            tuple(self._text(strings + at) for at in dynamic.get(DT_NEEDED, ())),
            tuple(self._versions(dynamic, strings)),
        )

    def _program_headers(self) -> list[tuple[int, int, int, int]]:
        (offset,) = self._unpack("Q", 32)
        size, count = self._unpack("HH", 54)
        found = []
        for index in range(count):
            kind, _, at, address, _, length = self._unpack("IIQQQQ", offset + index * size)
            found.append((kind, at, address, length))
        return found

    def _dynamic(self) -> dict[int, list[int]]:
        entries: dict[int, list[int]] = {}
        for kind, at, _, length in self._segments:
            if kind != PT_DYNAMIC:
                continue
            for position in range(at, at + length, 16):
                self._count()
                tag, value = self._unpack("QQ", position)
                if tag == DT_NULL:
                    break
                entries.setdefault(tag, []).append(value)
            break  # there is one (System V ABI, "Program header": PT_DYNAMIC)
        return entries

    def _versions(self, dynamic: dict[int, list[int]], strings: int) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        if DT_VERNEED not in dynamic:
            return found
        at = self._offset(dynamic[DT_VERNEED][0])
        for _ in range(dynamic.get(DT_VERNEEDNUM, [0])[0]):
            self._count()
            _, count, file, first, following = self._unpack("HHIII", at)
            library = self._text(strings + file)
            entry = at + first
            for _ in range(count):
                self._count()
                _, _, _, name, after = self._unpack("IHHII", entry)
                found.append((library, self._text(strings + name)))
                if not after:  # the last one; a damaged count may say otherwise
                    break
                entry += after
            if not following:
                break
            at += following
        return found

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise ElfError(f"its tables have more than {MOST:,} entries")

    def _offset(self, address: int) -> int:
        for kind, at, start, length in self._segments:
            if kind == PT_LOAD and start <= address < start + length:
                return at + address - start
        raise ElfError(f"no segment holds address {address:#x}")

    def _text(self, offset: int) -> str:
        end = self._data.find(b"\0", offset, offset + LONGEST)
        if end < 0:
            raise ElfError("a string has no end")
        return self._data[offset:end].decode("utf-8")

    def _unpack(self, layout: str, offset: int) -> tuple[int, ...]:
        return struct.unpack_from(self._order + layout, self._data, offset)
