"""Documents and archives that are the same bytes on every machine."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold: the same everywhere."""


def zip_entries(entries: Mapping[str, tuple[bytes, bool]]) -> bytes:
    """Return a zip of files by name, each with its content and whether it is executable."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(entries):
            content, executable = entries[name]
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system = 3  # Unix, so that the mode below means something
            info.external_attr = (0o100755 if executable else 0o100644) << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def json_bytes(document: object) -> bytes:
    """Return a document as JSON with sorted keys."""
    return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"
