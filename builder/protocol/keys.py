"""The keys of the application's bucket: where each object of a layer is."""

from __future__ import annotations

KINDS = ("artifacts", "built", "bundles", "inputs", "requests")
"""The kinds of objects that a layer has by fingerprint."""


def prefixes(layer: str, fingerprint: str) -> tuple[str, ...]:
    """Return the prefixes below which the bucket holds what belongs to a fingerprint."""
    return tuple(f"{layer}/{kind}/{fingerprint}" for kind in KINDS)


def built_folder(layer: str) -> str:
    """The key prefix below which builds leave, by fingerprint, what they made.

    Code of strangers can write here: nothing that is read here is trusted by its place.
    """
    return f"{layer}/built"


def artifact_folder(layer: str) -> str:
    """The key prefix below which each fingerprint has its verified artifact; no build writes it."""
    return f"{layer}/artifacts"


def manifest_key(folder: str, fingerprint: str) -> str:
    """The key of the manifest below one of the folders above."""
    return f"{folder}/{fingerprint}/manifest.json"


def archive_key(folder: str, fingerprint: str) -> str:
    """The key of the layer's zip below one of the folders above."""
    return f"{folder}/{fingerprint}/layer.zip"


def parts_folder(folder: str, fingerprint: str) -> str:
    """The key prefix, below one of the folders above, that holds a folder for each runtime."""
    return f"{folder}/{fingerprint}/parts"
