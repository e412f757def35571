"""Debug mode: the build directory is kept as part of the artifact, for people who look for a cause.

``out/debug/`` lies beside ``layer.zip`` and is no part of it. It is bounded: large files are listed
and left out, and so is what comes after :data:`TOTAL_LIMIT`.
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Iterator, List, Tuple

from .log import Log, counted, human, without_credentials

FOLDER = "debug"
ARCHIVE = "build.zip"
LIST = "files.txt"

FILE_LIMIT = 1_000_000
"""Bytes above which a file is listed only: shared libraries and wheels, which the lock names."""

TOTAL_LIMIT = 50_000_000
"""Bytes of all files that are kept, before they are compressed."""

EPOCH = (1980, 1, 1, 0, 0, 0)


def keep(bundle: Path, work: Path, out: Path, log: Log) -> None:
    """Put the build directory into ``out/debug/``; what cannot be kept fails no build."""
    try:
        kept, left_out = _keep(bundle, work, out / FOLDER)
    except OSError as error:
        log.note(f"the build directory cannot be kept: {error}")
        return
    missing = f", {left_out} too large and listed only" if left_out else ""
    log.step(f"kept the build directory: {counted(kept, 'file')}{missing} ({FOLDER}/{ARCHIVE})")


def _keep(bundle: Path, work: Path, folder: Path) -> Tuple[int, int]:
    folder.mkdir(parents=True, exist_ok=True)
    lines: List[str] = []
    total = kept = 0
    with zipfile.ZipFile(folder / ARCHIVE, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in _files(bundle, work):
            size = path.stat().st_size
            fits = size <= FILE_LIMIT and total + size <= TOTAL_LIMIT
            lines.append(f"{'kept' if fits else 'left out':8}  {human(size):>9}  {name}")
            if fits:
                archive.writestr(zipfile.ZipInfo(name, EPOCH), _content(path), zipfile.ZIP_DEFLATED)
                total += size
                kept += 1
    (folder / LIST).write_text("\n".join(lines) + "\n", encoding="utf-8", errors="replace")
    return kept, len(lines) - kept


def _files(bundle: Path, work: Path) -> Iterator[Tuple[str, Path]]:
    """Yield the build's own files, those of its decisions before those that it installed."""
    request = bundle / "request.json"
    if request.is_file():
        yield request.name, request
    found = []
    for root, folders, names in os.walk(work):
        folders.sort()
        found += [Path(root, name) for name in names]
    paths = [path for path in found if path.is_file() and not path.is_symlink()]
    for path in sorted(paths, key=lambda path: (_is_installed(path, work), str(path))):
        # Names that are no UTF-8 come from the disk as surrogates, which no zip can hold.
        name = path.relative_to(work).as_posix().encode("utf-8", "replace").decode("utf-8")
        yield name, path


def _is_installed(path: Path, work: Path) -> bool:
    return path.relative_to(work).parts[0] == "layer"


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    try:
        return without_credentials(content.decode("utf-8")).encode("utf-8")
    except UnicodeDecodeError:
        return content
