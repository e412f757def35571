"""Running programs: captured output, retries, and argument lists that are too long."""

from __future__ import annotations

import codecs
import errno
import io
import os
import random
import re
import select
import shlex
import subprocess
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, Mapping, Sequence

from .errors import BuildError
from .log import Log
from .standstill import Standstill

ATTEMPTS = 4
FIRST_PAUSE = 1.0

KEPT = 8 << 20
"""Characters that are kept of a program's first words, and as many of its last."""
LONGEST_LINE = 1 << 16
"""Characters that are read at once of a line without an end."""
LOOK = 0.5
"""Seconds after which it is seen that a program has ended whose output is held open by another."""
DRAIN = 10.0
"""Seconds in which what is written is still read once the program has ended."""

TRANSIENT = re.compile(
    r"""request\ failed | error\ sending\ request | timed\ out | failed\ to\ establish
      | connection\ (reset|refused|closed|aborted|broken|error) | broken\ pipe
      | dns\ error | name\ resolution | failed\ to\ lookup
      | unexpected\ eof | incomplete\ (message|read) | too\ many\ requests
      | \b(429|500|502|503|504)\b\ [A-Z] | status\ code:?\ (429|5\d\d)
      | temporary\ failure | network\ is\ unreachable""",
    re.IGNORECASE | re.VERBOSE,
)
"""What uv, pip and git say when trying again may help."""

ESSENTIAL = re.compile(
    r"(PATH|HOME|LANG|LC_\w+|TMPDIR|USER|TERM|SOURCE_DATE_EPOCH|UV_\w+|PIP_\w+|SSL_\w+|AWS_\w+"
    r"|\w+_PROXY|NO_COLOR)",
    re.IGNORECASE,
)
"""Variables that a program keeps when the whole environment is too long for the kernel."""


@dataclass(frozen=True)
class Outcome:
    """How a program ended: its exit status with everything it wrote."""

    command: tuple[str, ...]
    status: int
    output: str
    stuck: bool = False
    """Whether it was ended because it did nothing any more."""

    @property
    def ok(self) -> bool:
        """Whether the program succeeded."""
        return self.status == 0

    @property
    def transient(self) -> bool:
        """Whether the failure is one that trying again may mend."""
        return not self.ok and not self._compiled and bool(TRANSIENT.search(self.output))

    @property
    def _compiled(self) -> bool:
        """Whether a package's own build failed: its log is long, and may hold any word."""
        return "The build backend returned an error" in self.output

    def tail(self, lines: int = 25) -> str:
        """Return the last lines of the output."""
        return "\n".join(self.output.rstrip().splitlines()[-lines:])


class _Said:
    """What a program writes: its beginning and its end, however much it is."""

    def __init__(self) -> None:
        self._start: list[str] = []
        self._room = KEPT
        self._end: deque[str] = deque()
        self._size = 0
        self._cut = ""

    def add(self, line: str) -> None:
        if self._room > 0:
            self._start.append(line)
            self._room -= len(line)
            return
        self._end.append(line)
        self._size += len(line)
        while self._size > KEPT:
            self._size -= len(self._end.popleft())
            self._cut = "\n...\n"

    def text(self) -> str:
        return "".join([*self._start, self._cut, *self._end])


def run(
    command: Sequence[str],
    *,
    log: Log,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    shown: Sequence[str] | None = None,
    idle: float = 0.0,
) -> Outcome:
    """Run a program and return how it ended; show all of it with LAYER_DEBUG=true.

    ``shown`` is what it runs, where that is not what people want to read. With ``idle`` it is ended
    when it has done nothing for so many seconds.
    """
    environment = dict(os.environ if env is None else env)
    log.debug("$ " + _shorten(" ".join(shlex.quote(part) for part in shown or command)))
    said = _Said()
    with _start(command, cwd, environment, log) as process:
        watch = _Watch(process, Standstill(process.pid, idle) if idle else None)
        for line in _lines(process, watch):
            said.add(line)
            log.debug(line.rstrip("\n"))
    return Outcome(tuple(command), process.returncode, said.text(), watch.ended)


class _Watch:
    """Ends a program that stands still."""

    def __init__(self, process: subprocess.Popen[bytes], stands: Standstill | None) -> None:
        self.ended = False
        self._process = process
        self._stands = stands

    def look(self) -> None:
        """End the program if it does nothing any more."""
        if self._stands and not self.ended and self._stands():
            self.ended = True
            self._process.terminate()


def _lines(process: subprocess.Popen[bytes], watch: _Watch) -> Iterator[str]:
    """Yield what a program writes, by lines, until it has ended: what it has left running may keep
    its output open for ever.
    """
    text = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")("replace"), True)
    rest = ""
    for chunk in _chunks(process, watch):
        *lines, rest = (rest + text.decode(chunk)).split("\n")
        yield from (f"{line}\n" for line in lines)
        if len(rest) >= LONGEST_LINE:
            yield rest
            rest = ""
    if rest := rest + text.decode(b"", final=True):
        yield rest


def _chunks(process: subprocess.Popen[bytes], watch: _Watch) -> Iterator[bytes]:
    assert process.stdout is not None
    output = process.stdout.fileno()
    until = 0.0
    while not until or time.monotonic() < until:
        if not until and process.poll() is not None:
            until = time.monotonic() + DRAIN
        if select.select([output], [], [], 0 if until else LOOK)[0]:
            chunk = os.read(output, LONGEST_LINE)
            if not chunk:
                return
            yield chunk
        elif until:
            return
        else:
            watch.look()


def run_split(
    command: Sequence[str],
    items: Sequence[str],
    *,
    log: Log,
    cwd: Path,
    env: Mapping[str, str] | None = None,
) -> Outcome:
    """Run ``command items...``, in halves where the list is too long for the kernel (E2BIG).

    Stops at the first half that fails; the output is that of all runs.
    """
    try:
        return run([*command, *items], log=log, cwd=cwd, env=env)
    except OSError as error:
        if error.errno != errno.E2BIG or len(items) < 2:
            raise _too_long(command, error) if error.errno == errno.E2BIG else error from error
    log.step(f"argument list too long: splitting {len(items)} arguments in two")
    middle = len(items) // 2
    first = run_split(command, items[:middle], log=log, cwd=cwd, env=env)
    if not first.ok:
        return first
    second = run_split(command, items[middle:], log=log, cwd=cwd, env=env)
    return Outcome(second.command, second.status, first.output + second.output)


def with_retries(
    action: Callable[[], Outcome],
    *,
    log: Log,
    sleep: Callable[[float], None] = time.sleep,
    attempts: int = ATTEMPTS,
) -> Outcome:
    """Do the action again, with exponential backoff and jitter, while its failure may pass."""
    for attempt in range(1, attempts + 1):
        outcome = action()
        if not outcome.transient or attempt == attempts:
            return outcome
        # Jitter keeps the parallel builds of a project from asking again at the same moment.
        pause = FIRST_PAUSE * 2 ** (attempt - 1) * (1 + random.random())  # noqa: S311 - no secret
        reason = next(
            (line.strip() for line in outcome.output.splitlines() if TRANSIENT.search(line)), ""
        )
        log.note(f"attempt {attempt} of {attempts} failed ({reason}); again in {pause:.1f} s")
        sleep(pause)
    raise AssertionError("unreachable: the last attempt returns")


def _start(
    command: Sequence[str], cwd: Path, environment: dict[str, str], log: Log
) -> subprocess.Popen[bytes]:
    try:
        return _popen(command, cwd, environment)
    except OSError as error:
        essential = {k: v for k, v in environment.items() if ESSENTIAL.fullmatch(k)}
        if error.errno != errno.E2BIG or len(essential) == len(environment):
            raise
        # The kernel counts arguments and environment together (execve(2)).
        log.debug("argument list too long: trying with the essential environment only")
        return _popen(command, cwd, essential)


def _popen(
    command: Sequence[str], cwd: Path, environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        list(command),
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
    )


def _too_long(command: Sequence[str], error: OSError) -> BuildError:
    sizes = sorted(((len(value), name) for name, value in os.environ.items()), reverse=True)
    largest = ", ".join(f"{name} ({size:,} characters)" for size, name in sizes[:3])
    return BuildError(
        f"{Path(command[0]).name} cannot be started: {error.strerror}",
        where=f"the build's environment; its largest variables are {largest}",
        expected="no variable above 128 kB, all together with the arguments below 2 MB",
        fix="make the build's environment variables shorter",
    )


def _shorten(text: str) -> str:
    return text if len(text) <= 2000 else f"{text[:2000]} ... ({len(text):,} characters)"
