from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embedded import leash
from embedded.aws import EmbeddedAws
from embedded.codebuild import process as agent_process
from embedded.processes import bind, rebind
from tests.embedded.codebuild.test_lambda_compute import ON_LAMBDA
from tests.patience import wait_until

if TYPE_CHECKING:
    from tests.embedded.conftest import Workshop


@dataclass
class Agent:
    """A second agent in front of the tests' ministack, that a test may kill."""

    aws: EmbeddedAws
    state: Path
    port: int
    minute: float = 60.0
    child: leash.Child | None = None

    def start(self) -> None:
        with rebind(self.port) as listener:
            self.child = agent_process.start(
                *(self.state, self.aws.identity, listener, self.aws.url, None),
                minute=self.minute,
            )
        agent_process.wait(self.child, self.port, self.state)


@pytest.fixture
def agent(aws: EmbeddedAws, tmp_path: Path) -> Iterator[Agent]:
    with bind() as listener:
        port = listener.getsockname()[1]
    agent = Agent(aws, tmp_path, port)
    (tmp_path / "tmp").mkdir()
    try:
        yield agent
    finally:
        if agent.child:
            agent.child.stop()


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def endless(pids: Path) -> str:
    command = f"setsid sleep 600 & echo $! >'{pids}.new'; mv '{pids}.new' '{pids}'; sleep 600"
    return f"version: 0.2\nphases:\n  build:\n    commands: [{json.dumps(command)}]\n"


def test_builds_end_with_a_killed_agent_and_are_faults_after_its_restart(
    agent: Agent, workshop: Workshop, tmp_path: Path
) -> None:
    agent.start()
    assert agent.child is not None
    shop = type(workshop)(agent.aws, f"http://127.0.0.1:{agent.port}")
    project = shop.project(endless(tmp_path / "pid"))
    build_id = shop.start(project, idempotencyToken="token")
    shop.wait_for_file(tmp_path / "pid")

    os.kill(agent.child.pid, signal.SIGKILL)

    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: not alive(pid), "the end of the build's processes")
    agent.child.stop()

    agent.start()
    record = shop.look(build_id)
    assert record["buildStatus"] == "FAULT"
    assert record["buildComplete"]
    assert shop.phase(record, "BUILD")["phaseStatus"] == "FAULT"
    # The token still means that build, and the next one has the next number.
    assert shop.start(project, idempotencyToken="token") == build_id
    assert shop.codebuild.start_build(projectName=project)["build"]["buildNumber"] == 2


def test_lambda_compute_ends_a_build_after_15_minutes_whatever_the_project_allows(
    agent: Agent, workshop: Workshop, tmp_path: Path
) -> None:
    agent.minute = 0.2
    agent.start()
    shop = type(workshop)(agent.aws, f"http://127.0.0.1:{agent.port}")
    project = shop.project(endless(tmp_path / "pid"), timeoutInMinutes=2160)
    record = shop.wait(shop.start(project, **ON_LAMBDA))

    assert record["buildStatus"] == "TIMED_OUT"


def test_a_build_that_takes_too_long_is_ended(
    agent: Agent, workshop: Workshop, tmp_path: Path
) -> None:
    agent.minute = 3  # a build can have no less than five, and must have begun by then
    agent.start()
    shop = type(workshop)(agent.aws, f"http://127.0.0.1:{agent.port}")
    project = shop.project(endless(tmp_path / "pid"))
    record = shop.wait(shop.start(project, timeoutInMinutesOverride=5))

    assert record["buildStatus"] == "TIMED_OUT"
    assert shop.phase(record, "BUILD")["phaseStatus"] == "TIMED_OUT"
    assert not alive(int((tmp_path / "pid").read_text()))
