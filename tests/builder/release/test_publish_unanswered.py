"""A publication whose connection ended may still be under way in Lambda."""

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from builder.aws.layers import Layers, LayerVersion
from builder.aws.session import Credentials, Session
from builder.errors import AwsError, Unanswered
from builder.layer.record import Record
from builder.release.publish import publish
from tests.builder.conftest import REGION, World
from tests.builder.release.test_publish import FastClock, built, published
from tests.patience import PATIENCE


def test_a_version_that_appears_late_is_waited_for_and_not_doubled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer, now = world.layer(), FastClock()
    artifact, token = built(layer)
    publishing: Callable[..., LayerVersion] = layer.services.layers.publish
    calls: list[Callable[[], LayerVersion]] = []

    def reset(*arguments: Any, **options: Any) -> LayerVersion:
        calls.append(lambda: publishing(*arguments, **options))
        raise Unanswered("the connection was reset", is_open=True)

    def sleep(seconds: float) -> None:
        before, now.time = now.time, now.time + seconds
        if before - 1_700_000_000.0 < 30 <= now.time - 1_700_000_000.0:
            calls[0]()

    monkeypatch.setattr(layer.services.layers, "publish", reset)
    monkeypatch.setattr(now, "sleep", sleep)

    version = published(layer, artifact, token, clock=now.clock())

    assert version.version == 1
    assert (world.versions(), len(calls)) == ([1], 1)


@pytest.mark.parametrize("end", [KeyboardInterrupt(), SystemExit(1)])
def test_an_interrupted_publication_is_waited_for_by_the_next_run(
    world: World, monkeypatch: pytest.MonkeyPatch, end: BaseException
) -> None:
    layer, now = world.layer(), FastClock()
    artifact, token = built(layer)
    publishing: Callable[..., LayerVersion] = layer.services.layers.publish
    calls: list[Callable[[], LayerVersion]] = []

    def interrupted(*arguments: Any, **options: Any) -> LayerVersion:
        calls.append(lambda: publishing(*arguments, **options))
        raise end

    def sleep(seconds: float) -> None:
        before, now.time = now.time, now.time + seconds
        if before - 1_700_000_000.0 < 200 <= now.time - 1_700_000_000.0:
            calls[0]()

    world.put("web/record.json", Record("web").to_json().encode())
    monkeypatch.setattr(layer.services.layers, "publish", interrupted)
    with pytest.raises(type(end)):
        published(layer, artifact, token)
    record = layer.records.load_or_new()
    assert record.lease is None
    (call,) = record.open_calls
    assert call.token == str(token)
    # S3 says the time, and not this machine: both are this machine here.
    assert abs(call.seen - time.time()) < PATIENCE

    monkeypatch.setattr(now, "sleep", sleep)
    lines: list[str] = []
    version = publish(
        layer, artifact, token, since=0, clock=now.clock("next"), progress=lines.append
    )

    assert (version.version, world.versions(), len(calls)) == (1, [1], 1)
    assert "looking for its version for 3" in lines[0]
    assert 200 <= now.time - 1_700_000_000.0 < 230


def test_an_answer_that_is_an_error_leaves_nothing_to_wait_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = world.layer()
    artifact, token = built(layer)

    def refused(*_arguments: Any, **_options: Any) -> LayerVersion:
        raise AwsError("lambda:PublishLayerVersion failed: CodeStorageExceededException")

    with monkeypatch.context() as patched:
        patched.setattr(layer.services.layers, "publish", refused)
        with pytest.raises(AwsError):
            published(layer, artifact, token)

    record = layer.records.load_or_new()
    assert (record.lease, record.open_calls) == (None, ())


def test_a_request_that_was_never_sent_leaves_nothing_to_wait_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer, now = world.layer(), FastClock()
    artifact, token = built(layer)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", f"http://127.0.0.1:{port}")
        nowhere = Layers(Session(Credentials(), REGION))
        monkeypatch.setattr(layer.services.layers, "publish", nowhere.publish)
        with pytest.raises(Unanswered, match="Could not connect"):
            published(layer, artifact, token, clock=now.clock())

    assert layer.records.load_or_new().open_calls == ()
    assert sum(now.waits) < 70


def test_a_call_without_an_answer_is_remembered_should_all_tries_fail(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer, now = world.layer(), FastClock()
    artifact, token = built(layer)

    def failing(*_arguments: Any, **_options: Any) -> LayerVersion:
        raise Unanswered("500 ServiceException")

    monkeypatch.setattr(layer.services.layers, "publish", failing)
    with pytest.raises(Unanswered):
        published(layer, artifact, token, clock=now.clock())

    assert [call.token for call in layer.records.load_or_new().open_calls] == [str(token)]
