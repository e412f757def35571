"""The stand-in for hashicorp/external: its data source runs a program, JSON in, strings out.

Facts about the real one (documentation of the data source, and the source of version 2.3.5): empty
elements of ``program`` and null values of ``query`` are dropped; what the program writes to stderr
is shown only if it fails; there is no time-out; ``id`` is "-"; an interrupt kills the program
itself, not what it started; an empty ``working_dir`` is the folder that terraform runs in.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from embedded.standins.checks import length
from embedded.standins.errors import ProviderError
from embedded.standins.resource import DataSource
from embedded.standins.values import State

_SHELLS = ("bash", "fish", "zsh", "ksh", "ash", "sh", "dash")


class External(DataSource[None]):
    """The data source ``external``."""

    checks = (length("program", 1, sys.maxsize),)

    def read(self, meta: None, config: State, interrupted: threading.Event) -> State:
        """Run the program."""
        program = [argument for argument in config["program"] if argument]
        if not program:
            raise _error("External Program Missing", "program has no element that is not empty")
        query = {key: text for key, text in (config["query"] or {}).items() if text is not None}
        output = _run(_found(program), json.dumps(query), config["working_dir"], interrupted)
        return {**config, "id": "-", "result": _result(program, output)}


def _found(program: list[str]) -> list[str]:
    if shutil.which(program[0]):
        return program
    # An alias or function of the user's shell may have that name.
    shell = os.environ.get("SHELL", "")
    if "/" not in program[0] and shell.endswith(tuple(f"/{name}" for name in _SHELLS)):
        return [shell, "-i", "-c", "--", " ".join(program)]
    raise _error(
        "External Program Lookup Failed",
        f"the program must be a file that can be executed, or be found by PATH.\n\n"
        f"Program: {program[0]}",
    )


def _run(program: list[str], query: str, folder: str | None, interrupted: threading.Event) -> bytes:
    try:
        process = subprocess.Popen(
            program,
            cwd=folder or None,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise _error(
            "External Program Execution Failed", f"Program: {program[0]}\nState: {error}"
        ) from error
    with process, _killed_by(interrupted, process):
        # no limit: the real one has none
        output, errors = process.communicate(query.encode())
    if process.returncode:
        shown = f"Error Message: {errors.decode(errors='replace')}\n" if errors else ""
        raise _error(
            "External Program Execution Failed",
            f"Program: {program[0]}\n{shown}State: {_state(process.returncode)}",
        )
    return output


@contextmanager
def _killed_by(interrupted: threading.Event, process: subprocess.Popen[bytes]) -> Iterator[None]:
    def watch() -> None:
        interrupted.wait()  # no limit: set below at the latest
        process.kill()  # does nothing if it has ended

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        interrupted.set()
        watcher.join()  # no limit: it was asked to end


def _state(returncode: int) -> str:
    return f"signal: {-returncode}" if returncode < 0 else f"exit status {returncode}"


def _result(program: list[str], output: bytes) -> dict[str, str]:
    try:
        result = json.loads(output)
    except ValueError as error:
        raise _unexpected(program, str(error)) from error
    if not isinstance(result, dict):
        raise _unexpected(program, f"it is a {type(result).__name__}")
    for key, text in result.items():
        if text is not None and not isinstance(text, str):
            raise _unexpected(program, f"the value of {key!r} is a {type(text).__name__}")
    # Go reads a JSON null into a string as "".
    return {key: text or "" for key, text in result.items()}


def _unexpected(program: list[str], problem: str) -> ProviderError:
    return _error(
        "Unexpected External Program Results",
        "the program's output must be a JSON object whose values are strings.\n\n"
        f"Program: {program[0]}\nResult Error: {problem}",
    )


def _error(summary: str, detail: str) -> ProviderError:
    return ProviderError(summary, detail, path=("program",))
