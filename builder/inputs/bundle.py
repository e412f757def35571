"""The bundle: the zip that CodeBuild gets."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from builder.inputs import supervisor
from builder.inputs.dependency_list import LISTED, read_listed
from builder.inputs.locks.project_lock import LOCKED, read_locked
from builder.inputs.same_bytes import json_bytes, zip_entries
from builder.inputs.source_files import SourceFile, read_file
from builder.inputs.worker_program import worker
from builder.spec.field import Place
from builder.spec.fields import fields_in
from builder.spec.layer_spec import LayerSpec
from builder.spec.runtimes import Target

REQUEST_SCHEMA = 1


def bundle(spec: LayerSpec, root: Path, files: tuple[SourceFile, ...], fingerprint: str) -> bytes:
    """Return the bundle of a layer; the same input gives the same bytes."""
    entries = {"worker.pyz": (worker(), False)}
    entries["request.json"] = (json_bytes(request(spec, fingerprint)), False)
    locked = read_locked(spec, root, {file.path for file in files})
    if locked is not None:
        entries[LOCKED] = (locked, False)
    listed = read_listed(spec, root, {file.path for file in files})
    if listed is not None:
        entries[LISTED] = (listed, False)
    if spec.supervisor:
        entries[f"project/{supervisor.PATH}"] = (supervisor.wheel(), False)
    for file in files:
        entries[f"project/{file.path}"] = (read_file(root, file), file.executable)
    return zip_entries(entries)


def request(spec: LayerSpec, fingerprint: str) -> dict[str, object]:
    """Return request.json: what the worker is asked to build (docs/protocol.md)."""
    return {
        "schema": REQUEST_SCHEMA,
        "layer": spec.name,
        "fingerprint": fingerprint,
        "targets": [describe_target(target) for target in spec.targets],
        **_settings(spec),
    }


def _settings(spec: LayerSpec) -> dict[str, object]:
    """Return what the table of fields gives to the worker."""
    return {
        field.name: field.request(getattr(spec, field.in_spec))
        for field in fields_in(Place.LAYER).values()
        if field.request is not None
    }


def describe_target(target: Target) -> dict[str, str]:
    """Return a target with the facts that the worker needs of it."""
    return {**asdict(target), "glibc": target.glibc, "platform": target.platform}
