import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from builder.builds.start import start_build
from builder.errors import BuildFailed, LayerError
from builder.layer.attempt import Attempt
from builder.layer.token import Token
from builder.operations.logs import build_log, find_build_of, last_build
from tests.builder.building import finished
from tests.builder.conftest import World, quick
from tests.patience import PATIENCE


def lines(world: World, *, follow: bool = False) -> Iterator[str]:
    layer = world.layer()
    return build_log(layer, find_build_of(layer), follow=follow, clock=quick())


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


def test_the_log_of_a_failed_build_is_shown_before_that_of_the_release(world: World) -> None:
    world.release()
    world.behave("fail")
    with pytest.raises(BuildFailed):
        world.release()

    assert "no such package: unobtainium" in list(lines(world))


def test_a_long_log_is_shown_whole(world: World) -> None:
    release = world.release()
    state = world.services.codebuild.state(release.build_id)
    assert state is not None
    before = len(list(lines(world)))
    logs = world.aws.client("logs")
    for page in range(3):
        logs.put_log_events(
            logGroupName=state.log_group, logStreamName=state.log_stream,
            logEvents=[
                {"timestamp": 4_000_000_000_000 + page, "message": f"{page}-{n}"}
                for n in range(5000)
            ],
        )  # fmt: skip

    assert len(list(lines(world))) == before + 15_000


def test_a_build_that_has_no_log_yet_is_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = world.release()
    layer = world.layer()
    ended = layer.services.codebuild.state(release.build_id)
    assert ended is not None
    queued = replace(ended, status="IN_PROGRESS", log_group="", log_stream="")
    states = [queued, ended]
    monkeypatch.setattr(layer.services.codebuild, "state", lambda _id: states.pop(0))

    assert "building web" in list(build_log(layer, queued, follow=True, clock=quick()))


def test_a_log_with_an_empty_page_in_its_middle_is_shown_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.release()
    layer = world.layer()
    state = find_build_of(layer)
    pages = {None: (["one"], "1"), "1": ([], "2"), "2": (["two"], "3"), "3": ([], "3")}
    monkeypatch.setattr(layer.services.logs, "follow", lambda _g, _s, after, since: pages[after])

    assert list(build_log(layer, state, follow=False, clock=quick())) == ["one", "two"]


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


# Which build


def failed_and_corrected(world: World) -> tuple[str, str]:
    """Release a build that fails and one that does not; return their ids."""
    world.behave("fail")
    with pytest.raises(BuildFailed):
        world.release()
    failed = last_build(world.layer())
    world.behave("well")
    return failed, world.release().build_id


def test_the_last_failed_build_is_found_after_it_was_corrected(world: World) -> None:
    failed, corrected = failed_and_corrected(world)
    layer = world.layer()

    assert find_build_of(layer, failed=True).id == failed
    assert find_build_of(layer).id == corrected


def test_a_build_is_named_with_or_without_its_project(world: World) -> None:
    build_id = world.release().build_id
    layer = world.layer()

    assert find_build_of(layer, build_id=build_id).id == build_id
    assert find_build_of(layer, build_id=build_id.partition(":")[2]).id == build_id


def test_a_build_that_is_not_there_is_said_to_be_unknown(world: World) -> None:
    with pytest.raises(LayerError, match=r"does not know build .*:gone"):
        find_build_of(world.layer(), build_id="gone")
    with pytest.raises(LayerError, match="no build of layer 'web' has failed"):
        find_build_of(world.layer(), failed=True)


def test_a_build_of_another_layer_is_refused_with_its_command(world: World) -> None:
    build_id = world.release().build_id

    with pytest.raises(LayerError, match="is of layer 'web'") as caught:
        find_build_of(world.layer("other"), build_id=build_id)
    assert caught.value.fix == f"lambda-layer logs web --build {build_id}"
