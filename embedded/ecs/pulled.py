"""Images of the embedded ECR, as far as a process needs them.

The processes of containers run on this machine's system, so the base of an image is left where it
is. What an image has below ``/opt`` is unpacked into a folder, its paths in variables become paths
of that folder, and ``python3`` is this machine's interpreter. Source: the OCI image specification
1.1, "Image Layer Filesystem Changeset" and "Image Configuration".
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shlex
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from embedded.calls import INTERNAL
from embedded.ecs import images
from embedded.ecs.images import Image

BELOW = "opt"
SECONDS = 60.0
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def find(folder: Path, name: str, gateway: str) -> Image:
    """Return an image that was made as a folder, or else the one that ECR has; raise ImageMissing.

    ``folder`` is that of the images, ``gateway`` the URL of the embedded AWS.
    """
    if (images.folder_of(folder, name) / "bin").is_dir():
        return images.find(folder, name)
    registry, _, rest = name.partition("/")
    repository, _, reference = rest.replace("@", ":", 1).partition(":")
    place = f"{gateway}/v2/{repository}"
    content = _read(f"{place}/manifests/{reference or 'latest'}", registry) if repository else b""
    if not content:
        return images.find(folder, name)  # which says that there is none
    manifest = json.loads(content)
    root = folder / ".pulled" / hashlib.sha256(content).hexdigest()
    config = json.loads(_blob(place, registry, manifest["config"]))
    if not root.is_dir():
        root.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root.parent) as made:
            whole = Path(made) / "root"
            whole.mkdir()
            for layer in manifest["layers"]:
                _unpack(_blob(place, registry, layer), whole)
            _add_interpreter(whole / BELOW / "bin")
            # Two tasks may start at the same time: the second finds the same files there.
            with contextlib.suppress(OSError):  # it is not empty
                whole.rename(root)
    return _image(root, config.get("config") or {})


def _add_interpreter(programs: Path) -> None:
    programs.mkdir(parents=True, exist_ok=True)
    interpreter = programs / "python3"
    if not interpreter.exists():
        # Not a link: an interpreter finds its packages beside where it was started from.
        interpreter.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
        interpreter.chmod(0o755)


def _image(root: Path, run: dict[str, Any]) -> Image:
    variables = dict(each.partition("=")[::2] for each in run.get("Env") or ())
    # Of the base; the programs come first on the PATH of every container.
    variables.pop("PATH", None)
    own = {name: _moved(value, root) for name, value in variables.items()}
    return Image(root / BELOW / "bin", own, tuple(run.get("Entrypoint") or ()))


def _moved(value: str, root: Path) -> str:
    """Return a variable in which paths below /opt are those of this machine."""
    parts = value.split(":")
    return ":".join(f"{root}{p}" if f"{p}/".startswith(f"/{BELOW}/") else p for p in parts)


def _unpack(content: bytes, root: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        members = [m for m in tar if m.name.removeprefix("./").startswith(f"{BELOW}/")]
        tar.extractall(root, members, filter="data")


def _blob(place: str, registry: str, wanted: dict[str, Any]) -> bytes:
    content = _read(f"{place}/blobs/{wanted['digest']}", registry)
    if f"sha256:{hashlib.sha256(content).hexdigest()}" != wanted["digest"]:
        raise OSError(f"CannotPullContainerError: {wanted['digest']} has other bytes")
    return content


def _read(url: str, registry: str) -> bytes:
    """Return what the embedded ECR has there, nothing if it has nothing."""
    headers = {"Host": registry, "User-Agent": INTERNAL}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - of loopback
    try:
        with _direct.open(request, timeout=SECONDS) as answer:
            found: bytes = answer.read()
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return b""
        raise
    return found
