from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from builder.sizes import in_time
from builder.sizes.in_time import Question, forecasts
from tests.builder.conftest import spec_of
from tests.builder.sizes.conftest import Serve
from tests.patience import PATIENCE, wait_until
from tests.worker.conftest import MakeWheel


def question(root: Path, *dependencies: str, **fields: Any) -> Question:
    return Question(spec_of(dependencies=dependencies, **fields), root, uuid.uuid4().hex * 2)


def program(folder: Path, script: str) -> str:
    """Write a shell script that stands in for Python, and return its path."""
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{script}")
    path.chmod(0o755)
    return str(path)


@pytest.mark.slow
def test_layers_are_foreseen_and_the_next_plan_asks_no_index(
    make_wheel: MakeWheel, shelf: Path, serve: Serve, tmp_path: Path
) -> None:
    make_wheel(shelf, "web", files={"web/__init__.py": "x" * 5000})
    index = serve(ranges=True)
    asked = [question(tmp_path, "web"), question(tmp_path, "gone")]

    web, gone = forecasts(asked, PATIENCE)

    assert (web.verdict, web.why) == ("fits", "")
    assert web.size > 5000
    assert gone.why == "there is no package gone"
    assert gone.known is None
    before = len(index.asked)
    assert forecasts(asked, PATIENCE) == [web, gone]
    assert len(index.asked) == before


@pytest.mark.slow
def test_without_a_network_nothing_is_predicted_and_nothing_is_kept(
    monkeypatch: pytest.MonkeyPatch, own_cache: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/packages")

    found = forecasts([question(tmp_path, "web"), question(tmp_path, "api")], PATIENCE)

    assert all(forecast.why and forecast.passing for forecast in found)
    assert list(own_cache.glob("plans/*")) == []


def test_what_takes_too_long_is_late_and_its_process_is_gone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started = tmp_path / "started"
    stuck = program(tmp_path, f"echo $$ > '{started}'\nexec sleep 3600\n")
    monkeypatch.setattr(sys, "executable", stuck)

    (found,) = forecasts([question(tmp_path, "web")], 1.0)

    assert found.why.startswith("it takes longer")
    number = started.read_text() if started.exists() else ""
    if number:  # a busy machine may not have come so far
        with pytest.raises(ProcessLookupError):
            os.kill(int(number), 0)


def test_an_answer_that_is_none_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(
        sys, "executable", program(tmp_path, "printf '0 {}[\\n7 {}\\n\\n'; touch \"$0.ran\"\n")
    )

    (found,) = forecasts([question(tmp_path, "web")], PATIENCE)

    assert found.known is None
    assert (tmp_path / "program.ran").exists()
    assert found.why == "the process that foresees it ended without an answer"


@pytest.mark.slow
def test_a_process_that_cannot_be_started_is_tried_again_by_the_next_plan(
    make_wheel: MakeWheel, shelf: Path, serve: Serve, tmp_path: Path
) -> None:
    make_wheel(shelf, "web")
    serve(ranges=True)
    asked = [question(tmp_path, "web")]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "executable", str(tmp_path / "gone"))
        (found,) = forecasts(asked, PATIENCE)

    assert found.why.startswith("no process for it")
    assert forecasts(asked, PATIENCE)[0].verdict == "fits"


@pytest.mark.slow
@pytest.mark.parametrize("content", ["", "[]", '{"size": "large"}', "\udcff"])
def test_a_kept_forecast_that_cannot_be_read_is_made_again(
    content: str, make_wheel: MakeWheel, shelf: Path, serve: Serve, own_cache: Path, tmp_path: Path
) -> None:
    make_wheel(shelf, "web")
    serve(ranges=True)
    asked = question(tmp_path, "web")
    place = own_cache / "plans" / f"{asked.fingerprint}-{in_time.FORMAT}.json"
    place.parent.mkdir(parents=True)
    place.write_bytes(content.encode("utf-8", "surrogateescape"))

    assert forecasts([asked], PATIENCE)[0].verdict == "fits"
    assert json.loads(place.read_text())["verdict"] == "fits"


@pytest.mark.slow
def test_a_forecast_is_believed_for_a_day(
    make_wheel: MakeWheel, shelf: Path, serve: Serve, own_cache: Path, tmp_path: Path
) -> None:
    make_wheel(shelf, "web")
    serve(ranges=True)
    asked = question(tmp_path, "web")
    (first,) = forecasts([asked], PATIENCE)
    make_wheel(shelf, "web", "2.0", files={"web/__init__.py": "x" * 9999})

    assert forecasts([asked], PATIENCE) == [first]
    (place,) = (own_cache / "plans").iterdir()
    yesterday = time.time() - 25 * 3600
    os.utime(place, (yesterday, yesterday))
    assert forecasts([asked], PATIENCE)[0].size > first.size


@pytest.mark.parametrize(("said", "seconds"), [("0.2", 0.2), ("", 30), ("-1", 30), ("soon", 30)])
def test_how_long_a_plan_waits_can_be_said(said: str, seconds: float) -> None:
    assert in_time._seconds(said) == seconds


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no process groups here")
def test_the_process_ends_when_its_parent_is_gone(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "builder.sizes.foreseer", str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    spec = spec_of(dependencies=("web",), requirements=("gone.txt",)).to_json()
    child.stdin.write(json.dumps([["0", spec, str(tmp_path)]]).encode() + b"\n")
    child.stdin.close()  # as the kernel does for a parent that is killed
    wait_until(lambda: child.poll() is not None, "the process to end")
    child.stdout.close()
    assert child.returncode in {0, -signal.SIGKILL}
