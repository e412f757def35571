"""The lock that is stored with a release: which versions a layer was built of."""

from __future__ import annotations

import json

from builder.errors import ArtifactError, LayerError
from builder.layer.layer import Layer
from builder.layer.record import Record, Release
from builder.protocol.keys import manifest_key


def release_lock(layer: Layer, *, version: int | None = None, python: str | None = None) -> bytes:
    """Return the lock of a release for one Python version; read-only.

    Without ``version``, the layer version in Lambda, it is the current release; ``python`` may be
    left out when the release is for one Python version. Raise LayerError when there is none such.
    """
    release = _release(layer, version)
    locks = _locks(layer, release)
    name = f"lock-{python}.txt" if python else locks[0]
    if name not in locks or (python is None and len(locks) > 1):
        versions = ", ".join(lock.removeprefix("lock-").removesuffix(".txt") for lock in locks)
        raise LayerError(
            f"version {release.version} of layer {layer.name!r} has no lock for python{python}"
            if python
            else f"version {release.version} of layer {layer.name!r} has several locks",
            where=layer.services.store.url(_folder(layer, release)),
            expected=f"one of the Python versions {versions}",
            fix=f"name one, for example --python {versions.split(', ')[-1]}",
        )
    stored = layer.services.store.read(f"{_folder(layer, release)}{name}")
    if stored is None:
        raise _gone(layer, release, name)
    return stored.content


def _release(layer: Layer, version: int | None) -> Release:
    record = layer.records.load() or Record(layer.name)
    known = [*([record.current] if record.current else []), *record.releases]
    for release in known:
        if version in (None, release.version):
            return release
    versions = ", ".join(str(number) for number in sorted({r.version for r in known}))
    raise LayerError(
        f"layer {layer.name!r} has no version {version}"
        if known
        else f"layer {layer.name!r} has no release yet",
        where=layer.services.store.url(f"{layer.name}/record.json"),
        expected=f"one of the versions {versions}" if known else "a layer that was published",
        fix="see `lambda-layer status`"
        if known
        else f"build it: terraform apply, or lambda-layer build {layer.name}",
    )


def _locks(layer: Layer, release: Release) -> list[str]:
    """Return the names of the locks beside a release's artifact, lowest Python version first."""
    key = manifest_key(layer.artifact_folder, release.fingerprint)
    stored = layer.services.store.read(key)
    if stored is None:
        raise _gone(layer, release, "manifest.json")
    try:
        names = [str(lock["file"]) for lock in json.loads(stored.content)["locks"]]
    except (ValueError, KeyError, TypeError):
        names = []
    if not names:
        raise _gone(layer, release, "list of locks in the manifest")
    return sorted(names, key=lambda name: [int(part) for part in name[5:-4].split(".")])


def _folder(layer: Layer, release: Release) -> str:
    return f"{layer.artifact_folder}/{release.fingerprint}/"


def _gone(layer: Layer, release: Release, what: str) -> ArtifactError:
    return ArtifactError(
        f"version {release.version} of layer {layer.name!r} has no {what}",
        where=layer.services.store.url(_folder(layer, release)),
        expected="what the release's build has uploaded",
        fix=f"build the layer again: lambda-layer build {layer.name} --force",
    )
