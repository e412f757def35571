"""The keys of the application's bucket: where each object of a layer is."""

from __future__ import annotations


def prefixes(layer: str, fingerprint: str) -> tuple[str, ...]:
    """Return the prefixes below which the bucket holds what belongs to a fingerprint."""
    kinds = ("artifacts", "bundles", "inputs", "requests")
    return tuple(f"{layer}/{kind}/{fingerprint}" for kind in kinds)


def manifest_key(folder: str, fingerprint: str) -> str:
    """The key of the manifest below a layer's artifact folder."""
    return f"{folder}/{fingerprint}/manifest.json"


def archive_key(folder: str, fingerprint: str) -> str:
    """The key of the layer's zip below a layer's artifact folder."""
    return f"{folder}/{fingerprint}/layer.zip"


def parts_folder(folder: str, fingerprint: str) -> str:
    """The key prefix, below a layer's artifact folder, that holds a folder for each runtime."""
    return f"{folder}/{fingerprint}/parts"
