"""Searching for a secret in whatever holds it: plain, encoded, compressed, inside of archives."""

from __future__ import annotations

import base64
import gzip
import io
import json
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

DEEPEST = 6
"""Archives in archives that are opened."""


def forms(secret: str) -> set[bytes]:
    """Return the bytes that say a secret: as it is, in JSON, in a URL, in base64 and in hex.

    In base64 it looks different after one, two or three bytes of something else, such as the user
    of a login; the letters that also depend on what stands beside it are left out.
    """
    raw = secret.encode()
    found = {raw, secret.encode("utf-16-le"), json.dumps(secret)[1:-1].encode()}
    found |= {raw.hex().encode(), raw.hex().upper().encode()}
    for way in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        found |= {way.encode(), way.lower().encode()}
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"x" * before + raw)
            found.add(text[(0, 2, 3)[before] :].rstrip(b"=")[:-1])
    return found


def inside(name: str, content: bytes, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield some content, and all that is packed in it, by its way there."""
    yield name, content
    if depth == DEEPEST:
        return
    for inner, packed in _opened(content):
        yield from inside(f"{name}!{inner}", packed, depth + 1)


def _opened(content: bytes) -> Iterator[tuple[str, bytes]]:
    if content[:4] == b"PK\3\4":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield "comment", archive.comment
            for info in archive.infolist():
                yield f"name of {info.filename}", info.filename.encode() + info.comment
                yield info.filename, archive.read(info)
    elif content[:2] == b"\x1f\x8b":
        yield "gzip", gzip.decompress(content)
    elif content[:6] == b"\xfd7zXZ\0":
        yield "xz", lzma.decompress(content)
    elif content[:2] in (b"\x78\x9c", b"\x78\xda", b"\x78\x01"):
        yield "zlib", zlib.decompressobj().decompress(content)
    elif content[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            for member in tar:
                file = tar.extractfile(member)
                yield member.name, file.read() if file else member.linkname.encode()


def found(secrets: Iterable[str], where: Iterable[tuple[str, bytes]]) -> list[str]:
    """Return where one of the secrets stands, in whichever form."""
    wanted = [(secret, form) for secret in secrets for form in sorted(forms(secret))]
    return [
        f"{secret!r} in {place}"
        for name, content in where
        for place, packed in inside(name, content)
        for secret, form in wanted
        if form in packed
    ]
