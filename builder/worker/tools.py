"""The pinned tools of the build: hash-checked packages in ``.tools/``.

uv installs, libdeflate packs, CycloneDX's own library writes the bill of materials. The worker's
own code has the standard library only, so that it starts in any image; what a tool does is part of
the artifact, so there is never another in its place: without a tool there is no build.
"""

from __future__ import annotations

import os
import pkgutil
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import program as own
from .errors import BuildError
from .log import Log
from .process import run, with_retries

TOOLS = ".tools"
LOCK = "tools.txt"
DONE = "installed.txt"
"""A copy of the lock that was installed, written last."""


def lock() -> str:
    """Return the requirements file that pins the tools, with a hash for each of their files."""
    data = pkgutil.get_data(__package__, LOCK)
    assert data is not None
    return data.decode("utf-8")


def version(name: str) -> str:
    """Return the pinned version of a tool."""
    found = re.search(rf"^{re.escape(name)}==([^\s\\]+)", lock(), re.MULTILINE)
    assert found is not None, name
    return found.group(1)


def described() -> str:
    """Return the tools with their versions, for the log."""
    names = ("uv", "deflate", "cyclonedx-python-lib")
    return ", ".join(f"{name} {version(name)}" for name in names)


def install(bundle: Path, log: Log) -> Path:
    """Put the tools into ``.tools/`` of the bundle; return the folder.

    They are fetched from the index that pip would ask, or, where that needs more than pins and
    hashes, installed by the image's own pip. Raise BuildError when neither can.
    """
    target = bundle / TOOLS
    target.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(1) as pool:
        # While the tools are fetched.
        pool.submit(own.unpack, target)
        return _installed(bundle, target, log)


def _installed(bundle: Path, target: Path, log: Log) -> Path:
    if _is_done(target):
        log.step(f"{described()}: all there")
        return target
    log.step(f"installing {described()}")
    if _fetched(target, log) and is_pinned(program(bundle)):
        return _done(target, log)
    pins = target / LOCK
    pins.write_text(lock(), encoding="utf-8")
    # Wheels only, and only those of the lock: nothing is built here, and a Python or a machine
    # that a tool has no wheel for is refused.
    command = [sys.executable, "-m", "pip", "install", "--require-hashes", "--no-deps"]
    # And nothing that is kept on the machine: what writes there is not known.
    command += ["--only-binary=:all:", "--upgrade", "--no-input", "--no-cache-dir"]
    command += ["--disable-pip-version-check", "--target", str(target), "-r", str(pins)]
    outcome = with_retries(lambda: run(command, log=log, cwd=bundle), log=log)
    if outcome.ok and is_pinned(program(bundle)):
        return _done(target, log)
    raise BuildError(
        "the build's tools cannot be installed",
        where=f"{sys.executable} -m pip\n{outcome.tail(8)}",
        expected=f"pip in the build image, and a package index that has {described()}",
        fix="run the build again; behind a proxy or with a mirror, give the build the PIP_* "
        "variables that name it",
    )


def _fetched(target: Path, log: Log) -> bool:
    """Fetch the tools by their hashes; say why if that cannot be."""
    # Not for a build, which fetches nothing itself and starts faster without HTTP.
    from . import wheels_by_hash

    try:
        index = wheels_by_hash.index_of(os.environ, Path.home())
        wheels_by_hash.fetch(wheels_by_hash.pins_of(lock()), index, target)
    except (wheels_by_hash.NotFetched, RuntimeError) as error:  # no home
        log.debug(f"the tools are left to pip: {error}")
        return False
    return True


def _done(target: Path, log: Log) -> Path:
    (target / DONE).write_text(lock(), encoding="utf-8")
    log.step("the tools are installed")
    return target


def program(bundle: Path) -> Path:
    """Return where uv is, or would be."""
    return bundle / TOOLS / "bin" / "uv"


def missing(what: str, where: Path) -> BuildError:
    """Return the error that a tool is not there."""
    return BuildError(
        f"{what} is not there",
        where=str(where),
        expected="the build phase after the install phase",
        fix="run `python3 worker.pyz tools` first",
    )


def is_complete(bundle: Path) -> bool:
    """Return whether all pinned tools are in the bundle."""
    return _is_done(bundle / TOOLS)


def _is_done(target: Path) -> bool:
    try:
        installed = (target / DONE).read_text(encoding="utf-8")
    except OSError:
        return False
    return installed == lock() and is_pinned(target / "bin" / "uv")


def is_pinned(uv: Path) -> bool:
    """Return whether it is the pinned uv, and one that this machine can start."""
    try:
        said = subprocess.run(
            [str(uv), "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return False
    return said.split()[1:2] == [version("uv")]
