"""Forecasts for a plan within a time: from the cache, or from a process that can be ended."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from builder.errors import LayerError
from builder.sizes.cache import folder, place, quick_folder
from builder.sizes.forecast import Forecast
from builder.spec.layer_spec import LayerSpec
from builder.user_cache import replacing

SECONDS = 30.0
"""What a plan waits for the sizes of all its layers together, unless VARIABLE says otherwise."""

VARIABLE = "LAMBDA_LAYER_SIZE_SECONDS"

FORMAT = 2
"""Changes with what a kept forecast means."""

FRESH, KEPT = 24 * 3600.0, 30 * 24 * 3600.0
"""Seconds for which a forecast is believed (an index may have new versions), and is kept."""


@dataclass(frozen=True)
class Question:
    """A layer to foresee; its fingerprint stands for all its inputs, and for the worker."""

    spec: LayerSpec
    root: Path
    fingerprint: str


def forecasts(asked: Sequence[Question], seconds: float | None = None) -> list[Forecast]:
    """Return a forecast for each question, in order; what is not known after ``seconds`` is late.

    Never raises for what cannot be foreseen.
    """
    seconds = _seconds(os.environ.get(VARIABLE, "")) if seconds is None else seconds
    why = "the process that foresees it ended without an answer"
    found = [_kept(question) for question in asked]
    open_ = {str(number): asked[number] for number, one in enumerate(found) if one is None}
    new: dict[str, Forecast] = {}
    if open_:
        deadline = time.monotonic() + seconds
        try:
            new = dict(_foreseen(open_, deadline))
        except OSError as error:
            why = f"no process for it: {error}"
        if time.monotonic() >= deadline:
            why = f"it takes longer than {seconds:g} s; the next plan goes on from here"
    for number, forecast in new.items():
        if not forecast.passing:
            _keep(open_[number], forecast)
    return [one or new.get(str(number), Forecast(why=why)) for number, one in enumerate(found)]


def _seconds(text: str) -> float:
    """Read how long a plan waits; what is no number of seconds counts as nothing said."""
    return float(text) if re.fullmatch(r"\d{1,4}(\.\d{1,3})?", text) else SECONDS


def _foreseen(asked: dict[str, Question], deadline: float) -> Iterator[tuple[str, Forecast]]:
    """Yield what a process of its own says until the deadline; it is gone afterwards."""
    layers = [[number, q.spec.to_json(), str(q.root)] for number, q in asked.items()]
    with quick_folder() as memory, quick_folder(Path(tempfile.gettempdir())) as made:
        child = subprocess.Popen(
            [sys.executable, "-m", "builder.sizes.foreseer", str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(made))},
            start_new_session=True,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            with contextlib.suppress(OSError):  # it may have ended
                child.stdin.write(json.dumps(layers) + "\n")
                child.stdin.flush()
            for line in _lines(child.stdout, deadline):
                number, _, text = line.partition(" ")
                forecast = Forecast.from_json(text)
                if number in asked and forecast is not None:
                    yield number, forecast
        finally:
            _end(child)


def _lines(stream: IO[str], deadline: float) -> Iterator[str]:
    """Yield a stream's lines until it ends, or the deadline comes."""
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in stream:
                lines.put(line)
        lines.put("")

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            return
        if not line:
            return
        yield line


def _end(child: subprocess.Popen[str]) -> None:
    """End the process and what it has started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.kill()
    child.wait()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def _name(question: Question) -> str:
    return f"{question.fingerprint}-{FORMAT}.json"


def _kept(question: Question) -> Forecast | None:
    """Return the forecast that was made of these inputs a short while ago."""
    try:
        kept = place("plans") / _name(question)
        age = time.time() - kept.stat().st_mtime
        return Forecast.from_json(kept.read_text("utf-8")) if 0 <= age < FRESH else None
    except (OSError, ValueError):
        return None


def _keep(question: Question, forecast: Forecast) -> None:
    """Keep a forecast, whole or not at all; without a cache it is made again."""
    with contextlib.suppress(OSError, LayerError):
        plans = folder("plans")
        for old in plans.iterdir():
            if time.time() - old.stat().st_mtime > KEPT:
                old.unlink(missing_ok=True)
        with replacing(plans / _name(question)) as file:
            file.write(json.dumps(asdict(forecast)).encode())
