"""Zip files that others have made."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib

BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError),
    *(ValueError, LookupError, RuntimeError, OverflowError),
)
"""What zipfile raises for what is none: RuntimeError for encryption and kinds that it lacks."""
