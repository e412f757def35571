"""The fingerprint of many files beside bare reading: 1 GB in 10,000 files.

They are read from memory, as after a checkout, and where the system can be asked to forget them
(posix_fadvise(2), POSIX_FADV_DONTNEED) from the disk.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from builder.inputs.digests import CALM
from builder.inputs.source_files import source_files
from builder.spec.layer_spec import LayerSpec
from builder.user_cache import VARIABLE

COUNT, SIZE = 10_000, 100_000
FROM_DISK = ", from disk"


@dataclass(frozen=True)
class Files:
    """Seconds of the fastest run of each side."""

    seconds: Mapping[str, float]

    def speed(self, side: str) -> float:
        """Return a side's speed, as a part of that of reading the files from where it does."""
        kind = FROM_DISK if side.endswith(FROM_DISK) else ""
        return self.seconds[f"read{kind}"] / self.seconds[side]


def files(repeat: int) -> Files:
    """Write the files, then read them, hash them, and take the layer's fingerprint of them."""
    with TemporaryDirectory() as made:
        root, before = Path(made) / "root", os.environ.get(VARIABLE)
        paths = _written(root)
        spec = LayerSpec("bench", ("3.13",), "x86_64", package="src")
        sides: dict[str, Callable[[], object]] = {
            "read": lambda: [len(path.read_bytes()) for path in paths],
            "read and hash": lambda: [
                hashlib.sha256(path.read_bytes()).hexdigest() for path in paths
            ],
            "first fingerprint": lambda: source_files(spec, root),
            "fingerprint again": lambda: source_files(spec, root),
        }
        if hasattr(os, "posix_fadvise"):
            cold = ("read", "first fingerprint")
            sides = {**{name + FROM_DISK: sides[name] for name in cold}, **sides}
        best = dict.fromkeys(sides, float("inf"))
        try:
            for number in range(repeat):
                for name, side in sides.items():
                    if name.endswith(FROM_DISK):
                        _forget(paths)
                    if name.startswith("first"):
                        os.environ[VARIABLE] = str(Path(made) / f"{name}-{number}")
                    began = time.monotonic()
                    side()
                    best[name] = min(best[name], time.monotonic() - began)
        finally:
            if before is None:
                del os.environ[VARIABLE]
            else:
                os.environ[VARIABLE] = before
    return Files(best)


def _forget(paths: Iterable[Path]) -> None:
    """Have the system read the files from the disk the next time."""
    for path in paths:
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _written(root: Path) -> list[Path]:
    """Write files that differ; wait until none of them is racy any more."""
    (root / "src").mkdir(parents=True)
    (root / "src/pyproject.toml").write_text("[project]\n")
    paths = []
    for number in range(COUNT):
        folder = root / "src" / f"d{number % 100}"
        folder.mkdir(exist_ok=True)
        path = folder / f"{number}.py"
        path.write_bytes(number.to_bytes(8, "big") * (SIZE // 8))
        paths.append(path)
    os.sync()  # what is not written yet cannot be forgotten
    time.sleep(CALM / 1e9 + 1)
    return paths
