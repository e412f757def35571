"""The benchmark's pieces on a tiny layer; nothing here depends on how fast they are."""

import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.contest import Result
from bench.measure import Failed, Usage, family, resident, run
from bench.others import zip_folder
from bench.ours import Ours
from bench.samples import Sample
from tests.patience import PATIENCE


def test_the_memory_of_all_processes_of_a_command_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = "import sys; block = bytearray(60_000_000); print(flush=True); sys.stdin.read()"
    parent = f"""if True:
    import pathlib, subprocess, sys, time
    command = [sys.executable, "-c", {child!r}]
    both = [subprocess.Popen(command, stdin=-1, stdout=-1) for _ in range(2)]
    [child.stdout.readline() for child in both]
    ends = time.monotonic() + {PATIENCE}
    while not pathlib.Path("seen").exists() and time.monotonic() < ends:
        time.sleep(0.05)
    [child.communicate() for child in both]"""
    looked = 0

    def look(pid: int) -> Iterator[int]:
        """Let the command end once both have been there for a whole look."""
        nonlocal looked
        found = list(family(pid))
        looked += sum(map(resident, found)) > 120_000_000
        if looked > 1:
            (tmp_path / "seen").touch()
        yield from found

    monkeypatch.setattr("bench.measure.family", look)
    usage = run([sys.executable, "-c", parent], tmp_path, os.environ)

    assert looked > 1
    assert usage.peak > 120_000_000


@pytest.mark.slow
def test_the_time_of_a_command_is_that_of_a_clock_on_the_wall(tmp_path: Path) -> None:
    assert run(["sleep", "0.5"], tmp_path, os.environ).wall >= 0.5


def test_a_command_that_fails_is_no_result(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="broken on purpose"):
        run(["sh", "-c", "echo broken on purpose; exit 3"], tmp_path, os.environ)


def test_the_fastest_run_of_a_side_counts() -> None:
    result = Result("x", Usage(0, 0, 0))

    kept = [result.keep("ours", "warm", Usage(wall, wall, 1)) for wall in (3.0, 2.0, 2.5)]

    assert kept == [True, True, False]
    assert result.times["ours", "warm"].wall == 2.0


@pytest.mark.slow
def test_the_real_worker_builds_a_tiny_layer(tmp_path: Path) -> None:
    env = {**os.environ, "PIP_FIND_LINKS": ""}
    ours = Ours(Sample("tiny", ("six==1.17.0",)), tmp_path, env)
    ours.tools()

    built = ours.build()

    assert ours.pins() == "six==1.17.0\n"
    assert 0 < built.without_resolving.wall < built.usage.wall
    assert {"audit", "import", "install", "pack", "resolve", "slim"} == set(
        built.manifest["seconds"]
    )
    with zipfile.ZipFile(built.layer) as archive:
        assert "python/six.py" in archive.namelist()


def test_a_folder_is_zipped_as_one_does_by_hand(tmp_path: Path) -> None:
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "a.py").write_text("x = 1\n" * 99)

    size = zip_folder(tmp_path, tmp_path / "layer.zip")

    assert 0 < size == (tmp_path / "layer.zip").stat().st_size
    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        assert archive.namelist() == ["python/a.py"]
