import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from builder.aws.codebuild import BuildState
from builder.errors import PlanOutdated
from builder.layer.record import Release
from builder.release.plan import plan
from builder.release.release import ensure
from tests.builder.conftest import World, die, hurried, order_of, quick
from tests.patience import PATIENCE, wait_until


@pytest.mark.parametrize("writes", range(11))
def test_after_a_kill_the_next_apply_goes_on_and_repeats_nothing(world: World, writes: int) -> None:
    die(world, writes)

    if plan(world.layer()).status != "current":
        world.release(clock=hurried())

    planned = plan(world.layer())
    assert planned.status == "current"
    assert (len(world.builds()), world.versions()) == (1, [1])


@pytest.mark.parametrize("writes", [3, 5, 8])
def test_after_a_kill_the_same_order_goes_on_too(world: World, writes: int) -> None:
    layer = world.layer()
    order = order_of(layer)
    die(world, writes)

    assert ensure(layer, order, clock=hurried()).version == 1
    assert len(world.builds()) == 1


@pytest.mark.parametrize("writes", [1, 3, 4, 5, 6, 7, 8])
def test_after_a_kill_a_forced_rebuild_is_still_one(world: World, writes: int) -> None:
    world.release()
    die(world, writes, force=True)

    release = world.release(force=True, clock=hurried())

    assert release.version == 2
    assert (len(world.builds()), world.versions()) == (2, [1, 2])


def test_a_forgotten_build_that_ends_while_we_look_for_it_is_not_repeated(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = world.root / "go"
    world.behave("wait", str(go))
    die(world, 5)  # the build is started, and its id not noted
    recent = world.services.codebuild.recent

    def slowly() -> list[BuildState]:
        go.touch()
        wait_until(lambda: world.builds()[0]["buildStatus"] == "SUCCEEDED")
        return recent()

    monkeypatch.setattr(world.services.codebuild, "recent", slowly)

    assert world.release().version == 1
    assert len(world.builds()) == 1


SCRIPT = """
import sys
from pathlib import Path
from builder.aws.services import connect
from builder.aws.session import Credentials, Session
from builder.layer.layer import Layer
from builder.layer.site import Site
from builder.release.plan import plan
from builder.release.release import Order, ensure
from builder.spec.layer_spec import LayerSpec
name, root, role, spec = sys.argv[1:]
services = connect(Session(Credentials(), "eu-central-1"), bucket=name, project=name)
site = Site(f"{name}-web", name, name, role, "/aws/codebuild/x", "123456789012", "eu-central-1")
layer = Layer(LayerSpec.from_json(spec), Path(root), site, services)
planned = plan(layer)
release = ensure(layer, Order(planned.token, planned.reason))
print(release.layer_arn)
"""


def start(world: World) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, world.name, str(world.root), world.role,
         world.layer().spec.to_json()],
        stdout=subprocess.PIPE, text=True, env=world.aws.process_environment(),
    )  # fmt: skip


def test_a_build_that_outlives_kill_9_is_joined(world: World) -> None:
    go = world.root / "go"
    world.behave("wait", str(go))
    process = start(world)
    try:
        wait_until(lambda: len(world.builds()) == 1)
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)
    wait_until(lambda: plan(world.layer()).status in {"building", "missing"})

    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(world.release)
        time.sleep(0.3)
        go.touch()
        assert run.result(PATIENCE).version == 1
    assert [build["buildStatus"] for build in world.builds()] == ["SUCCEEDED"]


def test_two_processes_at_the_same_time_make_one_build_and_one_version(world: World) -> None:
    processes = [start(world), start(world)]
    try:
        arns = [process.communicate(timeout=PATIENCE)[0].splitlines()[-1] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait(PATIENCE)

    assert [process.returncode for process in processes] == [0, 0]
    assert len(set(arns)) == 1
    assert (len(world.builds()), world.versions()) == (1, [1])


# At the same time


@pytest.mark.parametrize("debug", [(False, False, False), (False, True, True)])
def test_several_at_once_make_one_build_and_one_version(
    world: World, debug: tuple[bool, ...]
) -> None:
    order = order_of(world.layer())
    together = threading.Barrier(len(debug))

    def run(debug: bool) -> Release:
        layer = world.layer()
        together.wait(PATIENCE)
        return ensure(layer, replace(order, debug=debug), clock=quick())

    with ThreadPoolExecutor(len(debug)) as pool:
        releases = list(pool.map(run, debug))

    assert len({release.layer_arn for release in releases}) == 1
    assert (len(world.builds()), world.versions()) == (1, [1])


def test_a_number_that_another_source_has_taken_is_refused(world: World) -> None:
    mine = world.layer()
    order = order_of(mine)
    _ = mine.files
    world.edit()
    world.release()

    with pytest.raises(PlanOutdated, match="was overtaken") as caught:
        ensure(mine, order, clock=quick())

    assert "run plan again" in caught.value.fix
    assert "build 1, of other sources or by another apply, has begun" in caught.value.what
    assert len(world.builds()) == 1


def test_an_older_release_that_ends_late_does_not_become_current(world: World) -> None:
    go = world.root / "go"
    world.behave("wait", str(go))
    slow = world.layer()
    order = order_of(slow)
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(lambda: ensure(slow, order, clock=quick()))
        wait_until(lambda: len(world.builds()) == 1)
        world.behave("well")
        fast = world.release()
        go.touch()
        assert run.result(PATIENCE).number == 1

    assert fast.number == 2
    record = world.layer().records.load()
    assert record is not None
    assert record.current == fast
    assert plan(world.layer()).status == "current"
