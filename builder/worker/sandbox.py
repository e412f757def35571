"""Running code of strangers: build backends, and modules that are imported to see that they can be.

It gets a folder of its own to write to, and an environment without credentials; what it leaves
running is ended before anything else is done (cage.py). What is taken out of the folder is taken as
files, whatever else lies there under their names.
"""

from __future__ import annotations

import os
import pkgutil
import re
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Mapping, Sequence

from .cage import landlock_abi
from .errors import BuildError
from .log import CREDENTIALS, Log

KEPT = re.compile(
    r"PATH|LANG|LC_\w+|TZ|TERM|SOURCE_DATE_EPOCH|NO_COLOR|PYTHONDONTWRITEBYTECODE"
    r"|CC|CXX|AR|LD|C(XX|PP)?FLAGS|LDFLAGS|MAKEFLAGS|PKG_CONFIG\w*|CMAKE_\w+|RUSTFLAGS|RUSTUP_\w+"
    r"|LD_LIBRARY_PATH|LIBRARY_PATH|CPATH|C_INCLUDE_PATH|CPLUS_INCLUDE_PATH"
    r"|\w+_PRETEND_VERSION\w*|PDM_BUILD_SCM_VERSION"
    r"|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|GIT_SSL_CAINFO|PIP_CERT"
    r"|(HTTPS?|ALL|NO)_PROXY"
    r"|UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|INDEX_STRATEGY|NATIVE_TLS"
    r"|SYSTEM_CERTS|INSECURE_HOST|HTTP_TIMEOUT|OFFLINE|NO_INDEX|CONFIG_FILE|NO_CONFIG|EXCLUDE_NEWER"
    r"|PRERELEASE|CONCURRENT_\w+|CACHE_DIR)",
    re.IGNORECASE,
)
"""Variables of the build that strangers get: tools and ways, nothing that is known to be secret."""

NEEDED = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "UV_CONFIG_FILE")
"""Variables that name files which programs inside must be able to read, wherever they are."""

CODEBUILD = "/codebuild"
"""Where CodeBuild's images have all that is CodeBuild's (AWS CodeBuild user guide, "Environment
variables in build environments", CODEBUILD_SRC_DIR)."""

LARGEST = 1 << 30
"""Bytes of a file that is taken out of a sandbox."""


@dataclass(frozen=True)
class Sandbox:
    """A folder for one run of strangers' code; ``shared`` are more that it may write to."""

    folder: Path
    shared: tuple[Path, ...] = ()

    def command(self, command: Sequence[str]) -> List[str]:
        """Return what runs a command inside."""
        source = pkgutil.get_data(__package__, "cage.py")
        assert source is not None
        for place in (self.home, self.temporary):
            place.mkdir(parents=True, exist_ok=True)
        folders = [str(path.resolve()) for path in (self.folder, *self.shared)]
        program = [sys.executable, "-I", "-S", "-B", "-c", source.decode("utf-8")]
        closed = closed_folders(os.environ)
        opened = [str(Path.cwd()), *os.environ.get("PATH", "").split(os.pathsep)]
        opened += [os.environ[name] for name in NEEDED if os.environ.get(name)]
        return [*program, *folders, "--", *closed, "--", *opened, "--", *command]

    def environment(self, environment: Mapping[str, str]) -> Dict[str, str]:
        """Return what of an environment the command gets."""
        kept = {k: CREDENTIALS.sub("", v) for k, v in environment.items() if KEPT.fullmatch(k)}
        config = environment.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
        own = {"HOME": str(self.home), "TMPDIR": str(self.temporary), "XDG_CONFIG_HOME": config}
        return {**kept, **own}

    @property
    def home(self) -> Path:
        """The home folder inside."""
        return self.folder / "home"

    @property
    def temporary(self) -> Path:
        """The folder for temporary files inside."""
        return self.folder / "tmp"


def closed_folders(environment: Mapping[str, str]) -> List[str]:
    """Return where the build's machine keeps what is not for strangers.

    Its agent has files of its own there, among them what keeps the environment between phases.
    """
    source = environment.get("CODEBUILD_SRC_DIR", "")
    places = [Path(CODEBUILD), *([Path(source).parent] if source else [])]
    return sorted({str(place.resolve()) for place in places if place.is_dir()})


def confines() -> bool:
    """Whether this machine's kernel keeps what runs in a sandbox from all else."""
    return landlock_abi() > 0


def announce(log: Log) -> None:
    """Say how far strangers' code is kept apart on this machine."""
    abi = landlock_abi()
    if abi:
        log.debug(f"code of packages is confined to folders of its own (Landlock, ABI {abi})")
    else:
        log.note(
            "this kernel has no Landlock: code that packages run while they are built and imported "
            "is not kept from the build's other files (docs/security.md)"
        )


def take(path: Path) -> bytes:
    """Return the content of a file that strangers' code may have made; raise BuildError if it is
    none.
    """
    try:
        # Neither followed nor waited for: links and pipes are no files.
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(number, "rb") as file:
            info = os.fstat(number)
            if stat.S_ISREG(info.st_mode) and info.st_size <= LARGEST:
                return file.read(info.st_size)
    except OSError as error:
        raise _no_file(path, str(error.strerror)) from error
    raise _no_file(path, "it is no file, or one of more than 1 GB")


def discard(folder: Path) -> None:
    """Remove what strangers' code may have made; what cannot be removed is left.

    By the system's own rm, whatever PATH says, which goes as deep as folders go: shutil's ends with
    a RecursionError.
    """
    if rm := shutil.which("rm", path=os.defpath):
        command = [rm, "-rf", "--", str(folder)]
        subprocess.run(command, stderr=subprocess.DEVNULL, check=False)
    else:
        shutil.rmtree(folder, ignore_errors=True)


def _no_file(path: Path, why: str) -> BuildError:
    return BuildError(
        f"what a package's build left cannot be read: {why}",
        where=path.name,
        expected="a file",
        fix="look at what the build of the package does; choose another version of it",
    )
