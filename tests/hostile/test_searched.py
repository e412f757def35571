"""The search finds a secret in every form: else "it is nowhere" would say nothing."""

from __future__ import annotations

import base64
import gzip
import io
import json
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.hostile.searched import found

SECRET = "correct/horse+battery@staple 50%é"


def zipped(content: bytes, name: str = "file") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def tarred(content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        member = tarfile.TarInfo("file")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def login(user: str) -> Callable[[], bytes]:
    """Return what makes the header of a login."""
    return lambda: base64.b64encode(f"{user}:{SECRET}".encode())


RAW = SECRET.encode()
FORMS: dict[str, Callable[[], bytes]] = {
    "plain": lambda: b"password=" + RAW + b"\n",
    "JSON": lambda: json.dumps({"password": SECRET}).encode(),
    "URL": lambda: f"https://ci:{quote(SECRET, safe='')}@host/".encode(),
    "URL in small letters": lambda: quote(SECRET, safe="").lower().encode(),
    "URL with slashes": lambda: quote(SECRET).encode(),
    "UTF-16": lambda: SECRET.encode("utf-16-le"),
    "hex": lambda: RAW.hex().encode(),
    **{f"base64 after {user!r}": login(user) for user in ("ci", "aws", "user", "x" * 57)},
    "base64 of URLs": lambda: base64.urlsafe_b64encode(b"??>" + RAW),
    "base64 before more": lambda: base64.b64encode(RAW + b"\nmore"),
    "gzip": lambda: gzip.compress(RAW),
    "zlib": lambda: zlib.compress(RAW),
    "xz": lambda: lzma.compress(RAW),
    "zip": lambda: zipped(RAW),
    "the name of a file in a zip": lambda: zipped(b"", SECRET),
    "tar.gz in a zip in a zip": lambda: zipped(zipped(tarred(b"x" + RAW))),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
def test_a_secret_is_found(form: Callable[[], bytes]) -> None:
    assert found([SECRET], [("here", form())])


def test_another_is_not_found() -> None:
    other = SECRET.replace("horse", "mouse")
    contents = [("here", form()) for form in FORMS.values()]

    assert found([other], contents) == []
