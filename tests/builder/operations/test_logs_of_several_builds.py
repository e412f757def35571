import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from builder.builds.start import start_build
from builder.errors import BuildFailed, LayerError
from builder.layer.attempt import Attempt
from builder.layer.token import Token
from builder.operations.logs import build_logs, builds_of, last_build
from builder.release.release import advance
from tests.builder.building import finished
from tests.builder.conftest import World, hurried, order_of, quick
from tests.patience import PATIENCE, wait_until


def lines(world: World, *, follow: bool = False) -> Iterator[str]:
    return build_logs(world.layer(), follow=follow, clock=quick())


def test_without_a_build_there_is_nothing_to_show(world: World) -> None:
    with pytest.raises(LayerError, match="has no build to show") as caught:
        list(lines(world))

    assert caught.value.fix == "build it: lambda-layer build web"
    assert last_build(world.layer()) == ""


def test_the_log_of_the_current_release_is_shown(world: World) -> None:
    release = world.release()

    assert last_build(world.layer()) == release.build_id
    assert "building web" in list(lines(world))
    assert "building web" in list(lines(world, follow=True))


def test_a_build_that_has_no_log_yet_is_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = world.release()
    layer = world.layer()
    ended = layer.services.codebuild.state(release.build_id)
    assert ended is not None
    queued = replace(ended, status="IN_PROGRESS", log_group="", log_stream="")
    states = [queued, queued, ended]
    monkeypatch.setattr(layer.services.codebuild, "states", lambda _ids: [states.pop(0)])

    assert "building web" in list(build_logs(layer, follow=True, clock=quick()))


def test_a_build_is_followed_from_its_start_to_its_end(world: World) -> None:
    go = world.root / "go"
    world.behave("wait", str(go))
    layer = world.layer()
    token = Token(layer.fingerprint, 1)
    build_id = start_build(layer, token, debug=False, progress=print, clock=quick()).id
    layer.records.change(
        lambda record: record.begun(Attempt(1, layer.fingerprint, "", "", build_id=build_id))
    )
    seen = threading.Event()
    found: list[str] = []

    def follow() -> None:
        for line in lines(world, follow=True):
            found.append(line)
            if line == "building web":
                seen.set()

    with ThreadPoolExecutor(1) as pool:
        # From the moment it is queued, when it has no log stream yet.
        run = pool.submit(follow)
        try:
            assert seen.wait(PATIENCE)
            assert not run.done()
        finally:
            go.touch()
        finished(layer, build_id)
        run.result(PATIENCE)

    assert found.count("building web") == 1
    assert len(found) > found.index("building web") + 1


# Several targets

BOTH = ("3.12", "3.13")


def test_each_line_of_several_builds_has_its_target(world: World) -> None:
    release = world.release(world.layer(python=BOTH))

    layer = world.layer(python=BOTH)
    assert builds_of(layer) == {**release.builds, "": release.build_id}
    found = [
        line
        for line in build_logs(layer, follow=False, clock=quick())
        if "| building web" in line and "Running" not in line
    ]
    assert found == [
        "python3.12 | building web python3.12",
        "python3.13 | building web python3.13",
        "merge      | building web merge",
    ]


def test_the_builds_of_a_failed_attempt_are_those_that_are_shown(world: World) -> None:
    world.obey("fail", "on:python3.13")
    with pytest.raises(BuildFailed):
        world.release(world.layer(python=BOTH))

    layer = world.layer(python=BOTH)
    assert list(builds_of(layer)) == ["python3.12", "python3.13"]
    assert last_build(layer) == builds_of(layer)["python3.13"]
    assert "python3.13 | no such package: unobtainium" in list(
        build_logs(layer, follow=True, clock=quick())
    )


def test_who_follows_sees_the_merge_that_begins_later(world: World) -> None:
    go = world.root / "go"
    world.behave("wait", str(go))
    layer = world.layer(python=BOTH)
    with ThreadPoolExecutor(2) as pool:
        release = pool.submit(world.release, layer)
        wait_until(lambda: len(builds_of(world.layer(python=BOTH))) == 2)
        followed = pool.submit(
            lambda: list(build_logs(world.layer(python=BOTH), follow=True, clock=quick()))
        )
        go.touch()
        release.result(PATIENCE)
        found = followed.result(PATIENCE)

    for line in (
        "python3.12 | building web python3.12",
        "python3.13 | building web python3.13",
        "merge      | building web merge",
    ):
        assert found.count(line) == 1


def test_who_follows_does_not_wait_for_ever_for_a_merge_that_no_one_starts(world: World) -> None:
    layer = world.layer(python=BOTH)
    with world.held():
        assert advance(layer, order_of(layer)) is None
    wait_until(lambda: all(build["buildStatus"] == "SUCCEEDED" for build in world.builds()))

    found = list(build_logs(layer, follow=True, clock=hurried()))

    assert "python3.13 | building web python3.13" in found
