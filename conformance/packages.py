"""Packages that hold real binaries, fetched by their hashes into a cache.

``conformance.lock`` is hash-pinned like the project's other locks. What is in the cache is used
only if its hash is in the lock, so that a cache that others can write to is no way in.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from builder.errors import LayerError

LOCK = Path(__file__).resolve().parents[1] / "conformance.lock"
_PATIENCE = 300
"""Seconds that 72 MB may take."""


class Unavailable(LayerError):
    """A package cannot be had here: no index, no wheel for this machine."""


def cache() -> Path:
    """Return the user's own folder for what was fetched."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "fast-lambda-layer" / "conformance"


def wheel(name: str, folder: Path | None = None) -> Path:
    """Return a package's wheel, fetched if it is not in the cache; raise Unavailable."""
    folder = folder or cache()
    entry = locked(name)
    if found := _kept(folder, name, entry):
        return found
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as draft:
        requirements = Path(draft) / "requirements.txt"
        requirements.write_text(entry)
        _download(name, requirements, Path(draft))
        for file in Path(draft).glob("*.whl"):
            file.replace(folder / file.name)
    if found := _kept(folder, name, entry):
        return found
    raise Unavailable(f"the package {name} has no wheel that is in the lock", where=str(LOCK))


def locked(name: str, lock: Path = LOCK) -> str:
    """Return a package's entry in the lock: its pin with all hashes."""
    found = re.search(rf"^{re.escape(name)}==.*(?:\n    --hash=.*)+", lock.read_text(), re.M)
    if found is None:
        raise LayerError(
            f"the package {name} is not in the lock",
            where=str(lock),
            expected="an entry with hashes",
            fix="add it to the group conformance of pyproject.toml and run make lock",
        )
    return found[0] + "\n"


def sha256(file: Path) -> str:
    """Return a file's SHA-256, in hexadecimal digits."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _kept(folder: Path, name: str, entry: str) -> Path | None:
    version = entry.partition("==")[2].split()[0]
    hashes = set(re.findall(r"sha256:([0-9a-f]{64})", entry))
    candidates = folder.glob(f"{name.replace('-', '_')}-{version}-*.whl")
    return next((file for file in candidates if sha256(file) in hashes), None)


def _download(name: str, requirements: Path, folder: Path) -> None:
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--only-binary", ":all:", "--require-hashes"),
        *("-r", str(requirements), "-d", str(folder)),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired as error:
        raise _not_had(name, f"no answer within {_PATIENCE} s") from error
    if done.returncode != 0:
        raise _not_had(name, done.stderr.strip()[-500:])


def _not_had(name: str, why: str) -> Unavailable:
    return Unavailable(
        f"the package {name} cannot be had",
        where=why,
        expected=f"a wheel with a hash of {LOCK.name}",
        fix="run it where pip reaches a package index",
    )
