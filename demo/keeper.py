"""Keep the embedded AWS: for as long as the demo runs, or until it is stopped by hand.

The keeper is a process of its own. It ends when its standard input ends, and so with the demo,
however that ends, unless the demo has asked it to stay.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from builder.errors import LayerError
from embedded.aws import EmbeddedAws

STAY = "stay\n"
PATIENCE = 60.0
"""Seconds that the keeper may take to start, and to end."""


@dataclass
class Kept:
    """A running embedded AWS: what to put into the environment, and whether it is to stay."""

    environment: Mapping[str, str]
    process: subprocess.Popen[str]
    folder: Path
    stays: bool = False

    def stay(self) -> None:
        """Let the embedded AWS outlive this process; :func:`stayed` finds it then."""
        _environment_file(self.folder).write_text(json.dumps(dict(self.environment)), "utf-8")
        assert self.process.stdin is not None
        self.process.stdin.write(STAY)
        self.process.stdin.flush()
        self.stays = True


@contextmanager
def kept_aws(folder: Path) -> Iterator[Kept]:
    """Start the embedded AWS with its state below a folder; end it unless it was asked to stay."""
    log = folder / "logs" / "embedded-aws.log"
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "demo.keeper", str(folder / "aws")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    _environment_file(folder).unlink(missing_ok=True)
    kept = Kept({}, process, folder)
    try:
        ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
        first = process.stdout.readline() if ready else ""
        if not first:
            raise LayerError(
                "the embedded AWS did not start",
                where=str(log),
                expected="ministack and the CodeBuild agent on loopback",
                fix=log.read_text(encoding="utf-8", errors="replace").strip()[-2000:],
            )
        _pid_file(folder).write_text(str(process.pid), encoding="ascii")
        kept.environment = json.loads(first)
        yield kept
    finally:
        process.stdin.close()
        process.stdout.close()
        if not kept.stays:
            process.wait(PATIENCE)
            _pid_file(folder).unlink(missing_ok=True)


def stop(folder: Path) -> bool:
    """End an embedded AWS that stayed; return whether there was one."""
    file = _pid_file(folder)
    if not file.exists():
        return False
    pid = file.read_text(encoding="ascii").strip()
    file.unlink()
    if not _is_keeper(pid):
        return False
    os.kill(int(pid), signal.SIGTERM)
    return True


def stayed(folder: Path) -> Mapping[str, str] | None:
    """Return the environment of an embedded AWS that stayed, None where there is none."""
    try:
        pid = _pid_file(folder).read_text(encoding="ascii").strip()
        environment: dict[str, str] = json.loads(_environment_file(folder).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return environment if _is_keeper(pid) else None


def _is_keeper(pid: str) -> bool:
    """Whether a number is a keeper's: it may belong to another process by now."""
    command = subprocess.run(
        ["ps", "-o", "args=", "-p", pid],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    ).stdout
    return "demo.keeper" in command


def _pid_file(folder: Path) -> Path:
    return folder / "keeper.pid"


def _environment_file(folder: Path) -> Path:
    return folder / "environment.json"


def main() -> None:
    """Run the embedded AWS in the folder that the first argument names."""
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    with EmbeddedAws(Path(sys.argv[1])) as aws:
        sys.stdout.write(json.dumps(aws.environment()) + "\n")
        sys.stdout.flush()

        def watch() -> None:
            for line in sys.stdin:
                if line == STAY:
                    return
            over.set()

        threading.Thread(target=watch, daemon=True).start()
        over.wait()  # no limit: set when the input ends, and so with the demo


if __name__ == "__main__":
    main()
