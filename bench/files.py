"""The fingerprint of many files beside bare reading: 1 GB in 10,000 files."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from builder.inputs.digests import CALM
from builder.inputs.source_files import source_files
from builder.spec.layer_spec import LayerSpec
from builder.user_cache import VARIABLE

COUNT, SIZE = 10_000, 100_000


@dataclass(frozen=True)
class Files:
    """Seconds of the fastest run of each side."""

    seconds: Mapping[str, float]


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
        best = dict.fromkeys(sides, float("inf"))
        try:
            for number in range(repeat):
                os.environ[VARIABLE] = str(Path(made) / f"cache-{number}")
                for name, side in sides.items():
                    began = time.monotonic()
                    side()
                    best[name] = min(best[name], time.monotonic() - began)
        finally:
            if before is None:
                del os.environ[VARIABLE]
            else:
                os.environ[VARIABLE] = before
    return Files(best)


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
    time.sleep(CALM / 1e9 + 1)
    return paths
