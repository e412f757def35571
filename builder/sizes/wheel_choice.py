"""Which file of an index each pin gets: uv lists the files that fit, their tags say the best."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import BuildTag, InvalidWheelFilename, parse_wheel_filename

from builder.worker.install.install import is_built
from builder.worker.request import Target
from builder.worker.resolve.explain import explain
from builder.worker.resolve.lock import Lock, Pin
from builder.worker.resolve.resolve import only_wheels_but
from builder.worker.resolve.uv import Uv

OLDEST_LEVEL = 5
LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
"""Names that some glibc levels had before PEP 600."""

Fit = tuple[int, BuildTag]


@dataclass(frozen=True)
class WheelFile:
    """One wheel of an index: where it is, and its SHA-256 in hex if the index says it."""

    url: str
    sha256: str


def choose(locked: Lock, target: Target, uv: Uv, work: Path) -> Mapping[str, WheelFile]:
    """Return the wheel of each pin, by name; what is built from source has none.

    uv lists the files (PEP 751). Raise BuildError when it cannot.
    """
    found = {pin.name: _direct(pin) for pin in locked.pins if not pin.version}
    pins = [pin for pin in locked.pins if pin.version and not is_built(pin, locked)]
    if pins:
        source, out = work / "pins.txt", work / "pylock.toml"
        lines = [*locked.options, *(f"{pin.name}=={pin.version}" for pin in pins)]
        source.write_text("\n".join(lines) + "\n", encoding="utf-8")
        arguments = [str(source), "--no-deps", "--format", "pylock.toml", *only_wheels_but(())]
        outcome = uv.compile(arguments, target, out)
        if not outcome.ok:
            raise explain(outcome, target, "asking the index for its files")
        listed = tomllib.loads(out.read_text(encoding="utf-8")).get("packages", ())
        files = {package["name"]: package.get("wheels", ()) for package in listed}
        for pin in pins:
            found[pin.name] = _best(files.get(pin.name, ()), pin, target, work)
    return {name: file for name, file in found.items() if file is not None}


def _direct(pin: Pin) -> WheelFile | None:
    """Return the wheel that a requirement by URL names."""
    url = pin.line.split()[2]
    parts = urlsplit(url)
    if not parts.path.endswith(".whl"):
        return None
    hashes = [h.removeprefix("sha256:") for h in pin.hashes if h.startswith("sha256:")]
    said = parts.fragment.removeprefix("sha256=") if "sha256=" in parts.fragment else ""
    return WheelFile(url, said or (hashes[0] if len(hashes) == 1 else ""))


def _best(
    files: Iterable[Mapping[str, Any]], pin: Pin, target: Target, work: Path
) -> WheelFile | None:
    ranks = ranks_for(target)
    best: tuple[Fit, WheelFile] | None = None
    for file in files:
        url = str(file.get("url") or _file_url(str(file.get("path", "")), work))
        sha256 = str(file.get("hashes", {}).get("sha256", ""))
        if pin.hashes and f"sha256:{sha256}" not in pin.hashes:
            continue
        fit = fit_of(unquote(urlsplit(url).path).rsplit("/", 1)[-1], ranks)
        if fit is not None and (best is None or fit > best[0]):
            best = (fit, WheelFile(url, sha256))
    return best[1] if best else None


def _file_url(path: str, work: Path) -> str:
    return "file://" + quote(str((work / path).resolve()))


def fit_of(name: str, ranks: Mapping[Tag, int]) -> Fit | None:
    """Return how well a wheel fits, the greater the better; None when it does not fit.

    Of wheels with the same tags that with the higher build number is taken (PyPA, "Binary
    distribution format").
    """
    try:
        _, _, build, tags = parse_wheel_filename(name)
    except InvalidWheelFilename:
        return None
    rank = min((ranks[tag] for tag in tags if tag in ranks), default=None)
    return None if rank is None else (-rank, build)


def ranks_for(target: Target) -> Mapping[Tag, int]:
    """Return the tags that fit a target, with their ranks."""
    return _ranks(target.python, target.machine, target.platform)


@lru_cache(maxsize=32)
def _ranks(python: str, machine: str, platform: str) -> dict[Tag, int]:
    level = int(platform.rpartition("_")[2])
    platforms = []
    for number in range(level, OLDEST_LEVEL - 1, -1):
        platforms.append(f"manylinux_2_{number}_{machine}")
        if number in LEGACY:
            platforms.append(f"{LEGACY[number]}_{machine}")
    platforms.append(f"linux_{machine}")
    version = tuple(int(part) for part in python.split("."))
    abi = "cp" + python.replace(".", "")
    tags = [
        *cpython_tags(version, abis=[abi], platforms=platforms),
        *compatible_tags(version, interpreter=abi, platforms=platforms),
    ]
    return {tag: rank for rank, tag in reversed(list(enumerate(tags)))}
