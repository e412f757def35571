"""The bundle: the zip that CodeBuild gets."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from builder.inputs.locks.project_lock import LOCKED, read_locked
from builder.inputs.source_files import SourceFile, read_file
from builder.spec.layer_spec import LayerSpec
from builder.spec.runtimes import Target

REQUEST_SCHEMA = 1
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold: the same everywhere."""


def bundle(spec: LayerSpec, root: Path, files: tuple[SourceFile, ...], fingerprint: str) -> bytes:
    """Return the bundle of a layer; the same input gives the same bytes."""
    entries = {"worker.pyz": (worker(), False)}
    entries["request.json"] = (_json(request(spec, fingerprint)), False)
    locked = read_locked(spec, root, {file.path for file in files})
    if locked is not None:
        entries[LOCKED] = (locked, False)
    for file in files:
        entries[f"project/{file.path}"] = (read_file(root, file), file.executable)
    return _zip(entries)


def request(spec: LayerSpec, fingerprint: str) -> dict[str, object]:
    """Return request.json: what the worker is asked to build (docs/protocol.md)."""
    return {
        "schema": REQUEST_SCHEMA,
        "layer": spec.name,
        "fingerprint": fingerprint,
        "targets": [describe_target(target) for target in spec.targets],
        "package": spec.package,
        "extras": list(spec.extras),
        "requirements": list(spec.requirements),
        "dependencies": list(spec.dependencies),
        "exclude": list(spec.exclude),
        "slim": sorted(spec.slim),
        "may_fail": sorted(spec.may_fail),
        "system_packages": sorted(spec.system_packages),
        "pre_install": spec.pre_install,
        "include": sorted(spec.include),
        "indexes": [index.describe() for index in spec.indexes],
    }


def describe_target(target: Target) -> dict[str, str]:
    """Return a target with the facts that the worker needs of it."""
    return {**asdict(target), "glibc": target.glibc, "platform": target.platform}


@cache
def worker() -> bytes:
    """Return worker.pyz: the worker package as one runnable file."""
    source = resources.files("builder") / "worker"
    entries = {f"worker/{name}": (content, False) for name, content in _contents(source).items()}
    entries["__main__.py"] = (
        b"import sys\nfrom worker.__main__ import main\nsys.exit(main())\n",
        False,
    )
    return _zip(entries)


@cache
def worker_digest() -> str:
    """Return the SHA-256 of the worker's files."""
    digest = hashlib.sha256()
    for name, content in sorted(_contents(resources.files("builder") / "worker").items()):
        digest.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return digest.hexdigest()


def _contents(folder: Traversable) -> Mapping[str, bytes]:
    found: dict[str, bytes] = {}
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            inner = _contents(entry)
            found.update({f"{entry.name}/{name}": content for name, content in inner.items()})
        elif entry.is_file() and not entry.name.startswith("."):
            found[entry.name] = entry.read_bytes()
    return found


def _zip(entries: Mapping[str, tuple[bytes, bool]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(entries):
            content, executable = entries[name]
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system = 3  # Unix, so that the mode below means something
            info.external_attr = (0o100755 if executable else 0o100644) << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _json(document: object) -> bytes:
    return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"
