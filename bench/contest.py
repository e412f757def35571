"""One sample built by all sides, cold and warm, in turns so that all meet the same load."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.conditions import Conditions
from bench.measure import Usage
from bench.others import Pip, Sam, zip_folder
from bench.ours import Built, Ours
from bench.samples import Sample
from bench.spent import set_aside

SEPARATE = ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PYTHONPATH", "VIRTUAL_ENV", "UV_CACHE_DIR",
            "PIP_CACHE_DIR")  # fmt: skip
"""Variables that would give one side another source of packages, or another cache."""


@dataclass
class Result:
    """The best run of each side; ``steps`` are the seconds of our warm run's steps."""

    name: str
    tools: Usage
    resolve: dict[str, float] = field(default_factory=dict)
    times: dict[tuple[str, str], Usage] = field(default_factory=dict)
    steps: Mapping[str, float] = field(default_factory=dict)
    unzipped: int = 0
    sizes: dict[str, int] = field(default_factory=dict)
    conditions: Conditions = field(default_factory=Conditions)

    def keep(self, side: str, cache: str, usage: Usage) -> bool:
        """Keep the run if it is the side's fastest; say whether it is."""
        best = self.times.get((side, cache))
        if best and best.wall <= usage.wall:
            return False
        self.times[side, cache] = usage
        return True


def contest(sample: Sample, environment: Path, folder: Path, repeat: int) -> Result:
    """Build the sample once with cold caches and several times with warm ones."""
    set_aside(folder, folder.parent)
    sides = {name: folder / name for name in ("ours", "pip", "sam")}
    for path in sides.values():
        path.mkdir(parents=True)
    env = {k: v for k, v in os.environ.items() if k not in SEPARATE}
    env["PIP_CONFIG_FILE"] = os.devnull
    env["PATH"] = f"{environment / 'bin'}:{env['PATH']}"
    ours = Ours(sample, sides["ours"], env)
    result = Result(sample.name, ours.tools())
    _ours(result, "cold", ours)
    pip_env = {**env, "PIP_CACHE_DIR": str(folder / "cache-pip")}
    pip = Pip(environment / "bin" / "python", ours.pins(), sides["pip"], pip_env)
    sam_env = {**env, "PIP_CACHE_DIR": str(folder / "cache-sam")}
    sam = Sam(environment / "bin" / "sam", ours.pins(), sides["sam"], sam_env)
    _pip(result, "cold", pip)
    _sam(result, "cold", sam)
    for _ in range(repeat):
        _ours(result, "warm", ours)
        _pip(result, "warm", pip)
        _sam(result, "warm", sam)
    built = ours.build()
    result.unzipped = built.manifest["unzipped_size"]
    result.sizes = {
        "ours": built.manifest["zipped_size"],
        "zipfile, of our files": _zipped_again(built, folder),
        "zipfile, of what pip installs": pip.layer.stat().st_size,
    }
    return result


def _ours(result: Result, cache: str, ours: Ours) -> None:
    result.conditions.look()
    built = ours.build()
    if result.keep("ours", cache, built.without_resolving):
        result.resolve[cache] = built.resolve
        result.steps = built.manifest["seconds"]


def _pip(result: Result, cache: str, pip: Pip) -> None:
    result.conditions.look()
    result.keep("pip", cache, pip.build())


def _sam(result: Result, cache: str, sam: Sam) -> None:
    result.conditions.look()
    built = sam.build()
    result.keep("sam", cache, built)
    result.keep("sam+zip", cache, built + sam.pack())


def _zipped_again(built: Built, folder: Path) -> int:
    """Return the size of a zip of the same files made by zipfile."""
    again = folder / "again"
    shutil.unpack_archive(built.layer, again)
    return zip_folder(again, folder / "again.zip")
