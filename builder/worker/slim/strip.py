"""Stripping: debug symbols go, and what the loader reads is proven to be the same as before."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import shutil
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Mapping, Sequence

from ..contents import distributions, elf

PT_LOAD, PT_DYNAMIC = 1, 2
SECTION_FIELDS = ((40, 48), (58, 64))
"""Fields of the ELF header that point at sections, which the loader does not read."""


def strip(
    root: Path, files: Mapping[str, Sequence[str]], infos: Mapping[str, str]
) -> tuple[int, int]:
    """Strip the compiled files; return how many became smaller, and by how many bytes."""
    program = shutil.which("strip")
    if program is None:
        return 0, 0
    # Several distributions may list one file.
    listed = dict.fromkeys(file for own in files.values() for file in own)
    natives = [file for file in listed if _is_elf(root / file)]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        sizes = list(pool.map(lambda file: _strip_one(program, root / file), natives))
    changed = {file for file, size in zip(natives, sizes) if size}  # noqa: B905 - came with 3.10
    for name, own in files.items():
        if changed & set(own):
            _update_record(root, root / infos[name] / "RECORD", changed & set(own))
    return len(changed), sum(sizes)


def _strip_one(program: str, path: Path) -> int:
    """Strip one file if that is safe; return the bytes saved."""
    # A new file: the old one may share its bytes with uv's cache.
    new = path.with_name(path.name + ".stripped")
    command = [program, "--strip-debug", "-o", str(new), str(path)]
    try:
        ended = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False
        )
        saved = path.stat().st_size - new.stat().st_size if ended.returncode == 0 else 0
        if saved <= 0 or not loads_the_same(path, new):
            return 0
        new.chmod(path.stat().st_mode & 0o777)
        new.replace(path)
    except (OSError, subprocess.SubprocessError):
        # It stays as it is: strip of this machine may not know the file's machine.
        return 0
    else:
        return saved
    finally:
        new.unlink(missing_ok=True)


def loads_the_same(old: Path, new: Path) -> bool:
    """Whether the loader maps the same bytes to the same addresses, and needs the same libraries.

    This holds for files of any machine, also those that cannot be loaded here.
    """
    try:
        same = elf.read(old) == elf.read(new)
        return same and _segments(old.read_bytes()) == _segments(new.read_bytes())
    except (elf.ElfError, struct.error):
        return False


def _segments(data: bytes) -> list[tuple[int, int, int, bytes]]:
    """Return what is mapped: flags, address, length in memory, and the bytes."""
    header = bytearray(data[:64])
    for start, end in SECTION_FIELDS:
        header[start:end] = bytes(end - start)
    data = bytes(header) + data[64:]
    (offset,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    found = []
    for index in range(count):
        kind, flags, at, address, _, length, memory, align = struct.unpack_from(
            "<IIQQQQQQ", data, offset + index * size
        )
        if kind not in (PT_LOAD, PT_DYNAMIC):
            continue
        # System V ABI, "Program loading": offset and address agree modulo the alignment.
        if at + length > len(data) or (align > 1 and at % align != address % align):
            raise elf.ElfError("a segment lies where it cannot be mapped")
        found.append((flags, address, memory, data[at : at + length]))
    return found


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == elf.MAGIC


def _update_record(root: Path, record: Path, changed: set[str]) -> None:
    out = io.StringIO()
    for row in distributions.rows_of(distributions.text_of(record)):
        if row[0] in changed:
            data = (root / row[0]).read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
            row[1:] = [f"sha256={digest.decode()}", str(len(data))]
        csv.writer(out, lineterminator="\n").writerow(row)
    record.unlink()
    record.write_text(out.getvalue(), encoding="utf-8")
