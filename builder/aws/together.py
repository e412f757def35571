"""One answer of AWS for all processes of this machine that wait for it at the same time.

An apply runs a process for each layer, and several of them want the same long list at once. They
take turns: who has the turn asks AWS, and what it gets serves everybody who was waiting when the
asking *began*. So an answer is never older than the question, which a cache with a time to live
could not promise, and no two ask at the same time.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Any

from builder.documents import Malformed, read_json, typed

try:
    import fcntl
except ImportError:  # Windows (Python library reference, fcntl: "Unix")
    fcntl = None  # type: ignore[assignment]

PATIENCE = 120.0
"""Seconds to wait for our turn before AWS is asked alone."""

LOOK = 0.05
"""Seconds between looks whether it is our turn."""

LARGEST = 1 << 28
"""Bytes of an answer that are read: 256 MiB."""


class Busy(Exception):
    """Another process of this machine has the turn, and keeps it."""


class Shared:
    """What the processes of this machine share about a question, while it is our turn."""

    def __init__(self, file: FileIO, wishes: Path) -> None:
        self._file = file
        self._wishes = wishes

    def load(self) -> Mapping[str, Any]:
        """Return what was saved last since this machine was started, nothing when there is none."""
        try:
            content = self._file.read(LARGEST)
            stored = typed(dict[str, Any], read_json(content, largest=LARGEST))
        except (OSError, Malformed):
            return {}
        return stored if stored.get("boot") == _boot() else {}

    def save(self, content: Mapping[str, Any]) -> None:
        """Save what the others are to know; on a full disk they know nothing, and ask."""
        left = json.dumps({**content, "boot": _boot()}).encode()
        with suppress(OSError):
            self._file.seek(0)
            self._file.truncate()
            while left:
                left = left[self._file.write(left) :]

    def wishes(self) -> list[str]:
        """Return what was wished since the last time; a wish that comes meanwhile may be lost."""
        try:
            with _own(self._wishes, os.O_RDWR) as file:
                found = (file.read(LARGEST) or b"").decode("utf-8", "replace").split()
                file.truncate(0)
        except OSError:
            return []
        return found


def together(question: str, ask: Callable[[], Any]) -> Any:
    """Return the answer to a question, from AWS or from a process that began to ask after us.

    ``question`` names what is asked, of whom and by whom; ``ask`` returns what JSON can hold.
    Where no file can be shared, and for what ``ask`` raises, each process asks for itself.
    """
    # The same clock for all processes: Python library reference, time.monotonic, "system-wide".
    asked = time.monotonic()
    with ExitStack() as turns:
        try:
            shared = turns.enter_context(turn(question))
        except Busy:
            shared = None
        if shared is None:
            return ask()
        stored = shared.load()
        began = stored.get("began")
        # A start of the machine sets the clock back.
        if isinstance(began, float) and asked <= began <= time.monotonic() and "answer" in stored:
            return stored["answer"]
        began = time.monotonic()
        answer = ask()
        shared.save({"began": began, "answer": answer})
        return answer


@contextmanager
def turn(question: str, patience: float = PATIENCE) -> Iterator[Shared | None]:
    """Give what is shared about a question when it is our turn, None when it cannot be shared.

    Raise Busy when that takes more than ``patience`` seconds. What another process saves cannot be
    seen meanwhile.
    """
    try:
        path = _path(question)
        file = _own(path, os.O_RDWR | os.O_CREAT)
    except OSError:
        yield None
        return
    with file:
        # The lock goes with the file, and the file with its process, however that ends.
        yield Shared(file, _wishes(path)) if _locked(file, patience) else None


def wish(question: str, words: Iterable[str]) -> None:
    """Let whoever has the turn know what we want; where nothing can be shared that is nothing."""
    lines = "".join(f"{word}\n" for word in words).encode()
    # One write to the end of a file comes whole: POSIX, write, O_APPEND.
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    with suppress(OSError), _own(_wishes(_path(question)), flags) as file:
        file.write(lines)


def _path(question: str) -> Path:
    """Return the file of a question, in a folder that is ours alone; raise OSError otherwise."""
    if fcntl is None:
        raise PermissionError("this system has no locks that end with their process")
    folder = Path(tempfile.gettempdir(), f"lambda-layer-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    # Others on this machine may have made the folder, to have us believe what they wrote.
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise PermissionError(f"{folder} is not ours alone")
    return folder / f"{hashlib.sha256(question.encode()).hexdigest()}.json"


def _wishes(path: Path) -> Path:
    return path.with_suffix(".wishes")


def _own(path: Path, flags: int) -> FileIO:
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    return FileIO(descriptor, "w" if flags & os.O_WRONLY else "r+")


def _locked(file: FileIO, patience: float) -> bool:
    """Say whether the file could be locked; raise Busy when another process keeps its lock."""
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Busy from None
            time.sleep(LOOK)
        except OSError:  # a file system without locks
            return False
        else:
            return True


def _boot() -> str:
    """Return what distinguishes this start of the machine from others, "" where nothing does."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
