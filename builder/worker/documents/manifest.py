"""The manifest: what the artifact is; it is written last, so that its presence means success."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Iterable, Mapping, Sequence

from .. import program
from ..pack.pack import Packed
from ..request import Request
from ..slim.options import Saved

SCHEMA = 1


@dataclass(frozen=True)
class Package:
    """One distribution of the layer, with the bytes that its files take unzipped."""

    name: str
    version: str
    size: int
    license: str = ""
    record_sha256: str = ""
    hashes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Circumstances:
    """When the build ran and for how long, what it was given, and what it left out."""

    started_at: str
    finished_at: str
    locks: tuple[dict[str, str], ...] = ()
    saved: tuple[Saved, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    build_requirements: tuple[dict[str, Any], ...] = ()
    confined: bool = False
    """Whether the kernel kept code of packages from the build's other files."""
    at_start: tuple[Mapping[str, Any], ...] = ()
    """What runs whenever Python starts, as ``starts`` describes it, with its place in the layer."""


def document(
    request: Request,
    packed: Packed,
    unzipped: int,
    files: int,
    packages: Sequence[Package],
    circumstances: Circumstances,
) -> dict[str, Any]:
    """Return the manifest of docs/protocol.md."""
    targets = [{"python": t.python, "architecture": t.architecture} for t in request.targets]
    return {
        "schema": SCHEMA,
        "layer": request.layer,
        "fingerprint": request.fingerprint,
        "targets": targets,
        "code_sha256": base64.b64encode(packed.sha256).decode("ascii"),
        "unzipped_size": unzipped,
        "zipped_size": packed.size,
        "files": files,
        "packages": [asdict(package) for package in packages],
        "worker": program.version(),
        "locks": list(circumstances.locks),
        "build_requirements": list(circumstances.build_requirements),
        "confined": circumstances.confined,
        "at_start": list(circumstances.at_start),
        "saved": [asdict(saved) for saved in circumstances.saved],
        "seconds": dict(circumstances.seconds),
        "started_at": circumstances.started_at,
        "finished_at": circumstances.finished_at,
        "build_id": os.environ.get("CODEBUILD_BUILD_ID", ""),
    }


def together(described: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Return build requirements once each, with the hashes that any of them has."""
    found: dict[tuple[str, str], set[str]] = {}
    for item in described:
        found.setdefault((item["name"], item["version"]), set()).update(item["hashes"])
    return tuple(
        {"name": name, "version": version, "hashes": sorted(hashes)}
        for (name, version), hashes in sorted(found.items())
    )


def write(path: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)


def write_last(out: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest beside all the rest, with the digests of the documents that are there."""
    documents = [lock_of(path) for path in sorted(out.glob("*.json"))]
    write(out / "manifest.json", {**manifest, "documents": documents})


def lock_of(path: Path) -> dict[str, str]:
    """Return the name and SHA-256 of a lock, or of another document."""
    return {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def now() -> str:
    """Return the time in UTC, as RFC 3339 writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
