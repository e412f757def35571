from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from hybrid_service.state import RUNNING, STOPPED
from tests.hybrid_service.conftest import Bench, ask
from tests.patience import PATIENCE, wait_until


class Writer:
    """Writes numbers in order as fast as they are taken; ``kept`` is how many were."""

    def __init__(self, endpoint: str, first: int = 0) -> None:
        self.endpoint = endpoint
        self.kept = first
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while not self._over.is_set():
                ask(self.endpoint, f"/{self.kept}", post=True)
                self.kept += 1

    def end(self) -> None:
        self._over.set()
        self._thread.join(PATIENCE)


def test_sigterm_loses_nothing_of_what_was_answered(bench: Bench) -> None:
    first = bench.start(interval=3600)
    writer = Writer(first.serving())
    wait_until(lambda: writer.kept > 50)
    assert first.end() == 0  # the writer goes on until it is cut off
    writer.end()

    state = bench.state()
    assert (state.phase, state.reason) == (STOPPED, "asked to end")
    found = ask(bench.start().serving())
    # The last one may have been kept without its answer having come through.
    assert found[: writer.kept] == list(range(writer.kept))
    assert len(found) <= writer.kept + 1


def test_kill_at_any_moment_loses_at_most_what_came_after_the_last_snapshot(bench: Bench) -> None:
    moments = random.Random(16)
    safe = 0
    for _ in range(5):
        task = bench.start(interval=0.2)
        endpoint = task.serving()
        found = ask(endpoint)
        # No hole and nothing half: what is there is what had been written until some moment.
        assert found == list(range(len(found)))
        assert len(found) >= safe
        writer = Writer(endpoint, len(found))
        wait_until(lambda: writer.kept > len(found) + 20)  # noqa: B023
        safe = writer.kept
        bench.wait_until_saved()
        time.sleep(moments.uniform(0, 0.4))
        task.kill()
        writer.end()
        bench.expire()


def test_the_command_ends_with_a_killed_supervisor(bench: Bench) -> None:
    task = bench.start()
    task.serving()
    children = Path(f"/proc/{task.process.pid}/task/{task.process.pid}/children")
    if not children.exists():
        pytest.skip("needs /proc")
    command = int(children.read_text().split()[0])
    task.kill()
    wait_until(lambda: not _runs(command), "the command ends")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_second_task_of_a_generation_reads_and_writes_nothing(bench: Bench) -> None:
    first = bench.start()
    first.serving()
    before = bench.state()
    second = bench.start(generation=before.generation)
    assert second.ended() == 3
    assert not second.data.exists()
    assert (bench.state().task, bench.state().phase) == (first.arn, RUNNING)


def test_a_task_of_a_former_generation_ends_at_once(bench: Bench) -> None:
    bench.start().serving()
    assert bench.start(generation=7).ended() == 3


def test_a_task_that_slept_beyond_its_lease_neither_answers_nor_writes(bench: Bench) -> None:
    first = bench.start(interval=0.2, lease=20)
    endpoint = first.serving()
    ask(endpoint, "/0", post=True)
    bench.wait_until_saved()
    os.kill(first.process.pid, signal.SIGSTOP)
    wait_until(lambda: not bench.store.read().is_held, "the lease runs out")

    second = bench.start()
    other = second.serving()
    assert ask(other) == [0]
    ask(other, "/1", post=True)
    os.kill(first.process.pid, signal.SIGCONT)
    with pytest.raises(OSError):  # noqa: PT011 - whatever way the connection ends
        ask(endpoint, "/666", post=True)
    assert first.ended() == 3
    assert bench.state().task == second.arn
    assert second.end() == 0
    assert ask(bench.start().serving()) == [0, 1]


def test_traffic_alone_keeps_a_task_and_an_open_connection_does_not(bench: Bench) -> None:
    for idle in (2, 8, 32):  # a busy machine may need more time to ask at all
        task = bench.start(idle=idle)
        try:
            endpoint = task.serving()
            host, _, port = endpoint.rpartition(":")
            with socket.create_connection((host, int(port)), PATIENCE):
                ask(endpoint, "/5", post=True)
                assert task.ended() == 0
        except OSError:
            assert task.ended() == 0
            continue
        break
    assert bench.state().reason == f"idle for {idle} s"
    assert ask(bench.start().serving()) == [5]


def test_a_lifetime_ends_a_task_however_busy(bench: Bench) -> None:
    task = bench.start(lifetime=15)
    writer = Writer(task.serving())
    assert task.ended() == 0
    writer.end()
    assert writer.kept > 0
    assert bench.state().reason == "the lifetime of 15 s is over"
    assert ask(bench.start().serving())[: writer.kept] == list(range(writer.kept))


def test_what_a_command_left_when_it_ended_by_itself_is_kept(bench: Bench) -> None:
    task = bench.start(interval=3600)
    endpoint = task.serving()
    ask(endpoint, "/3", post=True)
    with pytest.raises(OSError):  # noqa: PT011 - whatever way the connection ends
        ask(endpoint, "/exit")
    assert task.ended() == 0
    assert bench.state().reason == "the command has ended with status 7"
    assert ask(bench.start().serving()) == [3]


def test_a_command_that_does_not_start_is_a_failure_with_its_reason(bench: Bench) -> None:
    task = bench.start([sys.executable, "-c", "raise SystemExit(9)"])
    assert task.ended() == 1
    state = bench.state()
    assert (state.phase, state.failed) == (STOPPED, True)
    assert state.reason == "the command ended with status 9 before it was healthy"


def test_a_torn_snapshot_is_never_read(bench: Bench) -> None:
    task = bench.start(interval=3600)
    ask(task.serving(), "/1", post=True)
    assert task.end() == 0
    # What an upload that was cut off could leave, and what somebody writes over a good one.
    bench.s3.put_object(
        Bucket=bench.store.bucket, Key="ledger/snapshots/00000009-000001.tar.gz", Body=b"torn"
    )
    known = bench.state().snapshots[0]
    bench.s3.put_object(Bucket=bench.store.bucket, Key=bench.store.prefix + known.key, Body=b"torn")
    assert ask(bench.start().serving()) == [1]


def test_a_snapshot_that_is_gone_gives_way_to_the_one_before_it(bench: Bench) -> None:
    for number in range(2):
        task = bench.start(interval=3600)
        ask(task.serving(), f"/{number}", post=True)
        assert task.end() == 0
    newest = bench.state().snapshots[0]
    bench.s3.delete_object(
        Bucket=bench.store.bucket, Key=bench.store.prefix + newest.key, VersionId=newest.version
    )
    task = bench.start()
    assert ask(task.serving()) == [0]
    assert f"cannot read the snapshot {newest.key}" in task.log.read_text()


def test_a_task_does_not_begin_with_nothing_where_there_was_something(bench: Bench) -> None:
    task = bench.start(interval=3600)
    ask(task.serving(), "/1", post=True)
    assert task.end() == 0
    for snapshot in bench.state().snapshots:
        bench.s3.delete_object(
            Bucket=bench.store.bucket,
            Key=bench.store.prefix + snapshot.key,
            VersionId=snapshot.version,
        )
    assert bench.start().ended() == 1
    state = bench.state()
    assert (state.failed, state.reason) == (True, "none of the snapshots can be read")
    assert state.snapshots != ()
